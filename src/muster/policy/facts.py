"""What is known of a person, read by SCIM path and made into plain values."""

from functools import lru_cache
from typing import cast

from muster.model import BadInput, Identity, Problem, Stage, Value
from muster.scim.errors import ScimError
from muster.scim.open_path import open_path
from muster.scim.path import Path, parse_path, read
from muster.scim.values import JsonValue, Resource


def fact(identity: Identity, attribute: str) -> Value:
    """Give the value of a person's attribute, named by its SCIM path; None where there is none.

    A complex value counts as its ``value``, a list as the texts of its elements (RFC 7643 §2.4); what has no
    such form counts as none.

    >>> from muster.model import PersonId, SourceId, Tenant
    >>> mails = [{"type": "work", "value": "ana@acme.example"}, {"type": "home", "value": "ana@home.example"}]
    >>> ana = Identity(
    ...     tenant=Tenant("acme"),
    ...     id=PersonId("1"),
    ...     source=SourceId("hr"),
    ...     user_name="ana",
    ...     stage=Stage.ACTIVE,
    ...     version=1,
    ...     attributes={"emails": mails},
    ... )
    >>> fact(ana, 'emails[type eq "home"].value'), fact(ana, "emails"), fact(ana, "title")
    ('ana@home.example', ('ana@acme.example', 'ana@home.example'), None)

    Raises:
        BadInput: there can be no such attribute.
    """
    return _plain(read(_resource(identity), attribute_path(attribute)))


@lru_cache(maxsize=4096)
def attribute_path(attribute: str) -> Path:
    """Give the place in a person's resource that a rule or a mapping names.

    Attributes of the operator's own are named with their URN; whether there are such is for those to check
    who know the schemas.

    Raises:
        BadInput: there can be no such attribute.
    """
    try:
        return parse_path(attribute)
    except ScimError as error:
        try:
            return open_path(attribute)
        except ScimError:
            raise no_such_attribute(attribute, error) from error


def no_such_attribute(attribute: str, error: ScimError) -> BadInput:
    """Give the error that says why the text names no attribute."""
    return BadInput(
        Problem(
            code="MUSTER-POLICY-NO-SUCH-ATTRIBUTE",
            what=f"“{attribute[:200]}” names no attribute of a person",
            why=error.detail,
            next_step=(
                "name it by its SCIM path, such as userName, name.givenName, department or "
                'emails[type eq "work"].value; one of your own with its URN (`muster schema show`)'
            ),
        )
    )


def _resource(identity: Identity) -> Resource:
    """The person as a SCIM User, with what ``Identity`` keeps beside the attributes put back."""
    resource = {
        **identity.attributes,
        "userName": identity.user_name,
        "externalId": identity.external_id,
        "active": identity.stage is Stage.ACTIVE,
    }
    return cast("Resource", resource)  # JSON by the contract of ``Identity.attributes``


def _plain(value: JsonValue) -> Value:
    match value:
        case list():
            return tuple(text for item in value if (text := _text(item)) is not None) or None
        case dict():
            return _scalar(value.get("value"))
        case _:
            return value


def _scalar(value: JsonValue) -> Value:
    return None if isinstance(value, list | dict) else value


def _text(item: JsonValue) -> str | None:
    plain = _scalar(item.get("value") if isinstance(item, dict) else item)
    return None if plain is None else text_of(plain)


def text_of(value: str | bool | float | tuple[str, ...]) -> str:
    """Give a value as a person writes it: ``true`` and ``false`` as JSON does, a list with commas."""
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)
