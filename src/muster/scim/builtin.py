"""User, EnterpriseUser and Group as RFC 7643 §4 and §8.7.1 define them.

Where the two sections contradict each other, the words of §2 and §4 win over the example document of §8.7.1:

* ``Group.displayName`` is required (§4.2);
* references and binaries are case exact (§2.3.6, §2.3.7);
* ``addresses`` have ``primary`` and ``members`` have ``display``, as in the examples of §8.2 and §8.4 (§2.4);
* ``ims.type`` may be ``other`` (§4.1.2).
"""

from muster.scim.schema import (
    Attribute,
    Extension,
    Mutability,
    ResourceType,
    Returned,
    Schema,
    Type,
    Uniqueness,
)

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def _texts(*described: tuple[str, str]) -> tuple[Attribute, ...]:
    """Return plain string attributes."""
    return tuple(Attribute(name=name, description=description) for name, description in described)


def _complex(name: str, description: str, *subs: Attribute) -> Attribute:
    return Attribute(name=name, type=Type.COMPLEX, description=description, sub_attributes=subs)


def _list(
    name: str, description: str, *subs: Attribute, mutability: Mutability = Mutability.READ_WRITE
) -> Attribute:
    return Attribute(
        name=name,
        type=Type.COMPLEX,
        multi_valued=True,
        description=description,
        mutability=mutability,
        sub_attributes=subs,
    )


def _reference(
    name: str, description: str, *targets: str, mutability: Mutability = Mutability.READ_WRITE
) -> Attribute:
    return Attribute(
        name=name,
        type=Type.REFERENCE,
        description=description,
        case_exact=True,
        mutability=mutability,
        reference_types=targets,
    )


def _kind(*canonical: str, mutability: Mutability = Mutability.READ_WRITE) -> Attribute:
    description = "What this value is for."
    return Attribute(name="type", description=description, canonical_values=canonical, mutability=mutability)


def _value(description: str, mutability: Mutability = Mutability.READ_WRITE) -> Attribute:
    return Attribute(name="value", description=description, mutability=mutability)


def _display(mutability: Mutability = Mutability.READ_WRITE) -> Attribute:
    return Attribute(name="display", description="A name to show to people.", mutability=mutability)


_PRIMARY = Attribute(
    name="primary", type=Type.BOOLEAN, description="Whether this is the preferred value; true at most once."
)
_READ_ONLY = Mutability.READ_ONLY
_IMMUTABLE = Mutability.IMMUTABLE

USER_SCHEMA = Schema(
    urn=USER_URN,
    name="User",
    description="User Account",
    attributes=(
        Attribute(
            name="userName",
            description="The name the user signs in with, unique at this service provider.",
            required=True,
            uniqueness=Uniqueness.SERVER,
        ),
        _complex(
            "name",
            "The parts of the user's name.",
            *_texts(
                ("formatted", "The full name, formatted for display."),
                ("familyName", "The family name, or last name."),
                ("givenName", "The given name, or first name."),
                ("middleName", "The middle names."),
                ("honorificPrefix", "The title before the name."),
                ("honorificSuffix", "The suffix after the name."),
            ),
        ),
        *_texts(
            ("displayName", "The name to show to people."),
            ("nickName", "How the user is addressed casually."),
        ),
        _reference("profileUrl", "The page that shows the user's profile.", "external"),
        *_texts(
            ("title", "The user's job title."),
            ("userType", "The relation between organisation and user, such as Employee."),
            ("preferredLanguage", "The languages the user prefers, as in Accept-Language."),
            ("locale", "The language tag for formats of dates, numbers and currency."),
            ("timezone", "The user's time zone by its IANA name."),
        ),
        Attribute(name="active", type=Type.BOOLEAN, description="Whether the user may use the account."),
        Attribute(
            name="password",
            description="A password to set; it is never returned.",
            mutability=Mutability.WRITE_ONLY,
            returned=Returned.NEVER,
        ),
        _list(
            "emails",
            "Email addresses.",
            _value("The address."),
            _display(),
            _kind("work", "home", "other"),
            _PRIMARY,
        ),
        _list(
            "phoneNumbers",
            "Phone numbers.",
            _value("The number, as RFC 3966 writes it."),
            _display(),
            _kind("work", "home", "mobile", "fax", "pager", "other"),
            _PRIMARY,
        ),
        _list(
            "ims",
            "Instant messaging addresses.",
            _value("The address."),
            _display(),
            _kind("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo", "other"),
            _PRIMARY,
        ),
        _list(
            "photos",
            "Pictures of the user.",
            _reference("value", "Where the picture is.", "external"),
            _display(),
            _kind("photo", "thumbnail"),
            _PRIMARY,
        ),
        _list(
            "addresses",
            "Postal addresses.",
            *_texts(
                ("formatted", "The full address, formatted for display."),
                ("streetAddress", "Street, house number, post office box."),
                ("locality", "The city."),
                ("region", "The state or region."),
                ("postalCode", "The postal code."),
                ("country", "The country, as ISO 3166-1 alpha-2 writes it."),
            ),
            _kind("work", "home", "other"),
            _PRIMARY,
        ),
        _list(
            "groups",
            "The groups the user belongs to; changed through the groups.",
            _value("The identifier of the group.", _READ_ONLY),
            _reference("$ref", "The URI of the group.", "User", "Group", mutability=_READ_ONLY),
            _display(_READ_ONLY),
            _kind("direct", "indirect", mutability=_READ_ONLY),
            mutability=_READ_ONLY,
        ),
        _list(
            "entitlements",
            "Things the user has.",
            _value("The entitlement."),
            _display(),
            _kind(),
            _PRIMARY,
        ),
        _list("roles", "What the user is.", _value("The role."), _display(), _kind(), _PRIMARY),
        _list(
            "x509Certificates",
            "Certificates issued to the user.",
            Attribute(
                name="value",
                type=Type.BINARY,
                description="One certificate, DER in base64.",
                case_exact=True,
            ),
            _display(),
            _kind(),
            _PRIMARY,
        ),
    ),
)

ENTERPRISE_USER_SCHEMA = Schema(
    urn=ENTERPRISE_USER_URN,
    name="EnterpriseUser",
    description="Enterprise User",
    attributes=(
        *_texts(
            ("employeeNumber", "The identifier the organisation gave the person."),
            ("costCenter", "The cost center."),
            ("organization", "The organisation."),
            ("division", "The division."),
            ("department", "The department."),
        ),
        _complex(
            "manager",
            "The user's manager.",
            _value("The id of the manager's own resource."),
            _reference("$ref", "The URI of the manager's own resource.", "User"),
            Attribute(name="displayName", description="The manager's name to show.", mutability=_READ_ONLY),
        ),
    ),
)

GROUP_SCHEMA = Schema(
    urn=GROUP_URN,
    name="Group",
    description="Group",
    attributes=(
        Attribute(name="displayName", description="The name to show to people.", required=True),
        _list(
            "members",
            "Who belongs to the group.",
            _value("The id of the member.", _IMMUTABLE),
            _reference("$ref", "The URI of the member.", "User", "Group", mutability=_IMMUTABLE),
            _kind("User", "Group", mutability=_IMMUTABLE),
            _display(_IMMUTABLE),
        ),
    ),
)

USER = ResourceType(
    name="User",
    endpoint="/Users",
    description="User Account",
    schema=USER_SCHEMA,
    extensions=(Extension(schema=ENTERPRISE_USER_SCHEMA),),
)
GROUP = ResourceType(name="Group", endpoint="/Groups", description="Group", schema=GROUP_SCHEMA)
