from typing import Any

import pytest

from muster.scim.builtin import (
    ENTERPRISE_USER_SCHEMA,
    ENTERPRISE_USER_URN,
    GROUP,
    GROUP_SCHEMA,
    USER,
    USER_SCHEMA,
    USER_URN,
)
from muster.scim.errors import InvalidPath
from muster.scim.notation import AttributeName, parse_attribute
from muster.scim.schema import Attribute, Extension, ResourceType, Schema, Type
from rfc.examples import example

RFC = {document["id"]: document for document in example("rfc7643/8.7.1-schemas.json").body}
# Each line is a place where the words of RFC 7643 §2 or §4 win over the example document of §8.7.1.
DELIBERATE = {
    "profileUrl": {"caseExact": True},
    "photos.value": {"caseExact": True},
    "groups.$ref": {"caseExact": True},
    "members.$ref": {"caseExact": True},
    "manager.$ref": {"caseExact": True},
    "x509Certificates.value": {"caseExact": True},
    "ims.type": {"canonicalValues": ["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo", "other"]},
    "Group.displayName": {"required": True},
}
ADDED = {"addresses.primary", "members.display"}


def rfc_rows(attributes: list[dict[str, Any]], prefix: str = "") -> dict[str, dict[str, Any]]:
    """Flatten a schema document into characteristics by dotted name, with the defaults of §2.2 filled in."""
    rows: dict[str, dict[str, Any]] = {}
    for attribute in attributes:
        name = prefix + attribute["name"]
        rows[name] = {
            "type": attribute["type"],
            "multiValued": attribute["multiValued"],
            "required": attribute["required"],
            "caseExact": attribute.get("caseExact", False),
            "mutability": attribute["mutability"],
            "returned": attribute["returned"],
            "uniqueness": attribute.get("uniqueness", "none"),
            "canonicalValues": attribute.get("canonicalValues", []),
            "referenceTypes": attribute.get("referenceTypes", []),
        }
        rows.update(rfc_rows(attribute.get("subAttributes", []), name + "."))
    return rows


def our_rows(attributes: tuple[Attribute, ...], prefix: str = "") -> dict[str, dict[str, Any]]:
    """Flatten a compiled schema the same way."""
    rows: dict[str, dict[str, Any]] = {}
    for attribute in attributes:
        name = prefix + attribute.name
        rows[name] = {
            "type": attribute.type,
            "multiValued": attribute.multi_valued,
            "required": attribute.required,
            "caseExact": attribute.case_exact,
            "mutability": attribute.mutability,
            "returned": attribute.returned,
            "uniqueness": attribute.uniqueness,
            "canonicalValues": list(attribute.canonical_values),
            "referenceTypes": list(attribute.reference_types),
        }
        rows.update(our_rows(attribute.sub_attributes, name + "."))
    return rows


@pytest.mark.parametrize("schema", [USER_SCHEMA, ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA], ids=lambda s: s.name)
def test_builtin_schemas_are_the_ones_of_the_rfc(schema: Schema) -> None:
    """Every characteristic equals RFC 7643 §8.7.1, but for the listed places where §2 and §4 differ."""
    expected = rfc_rows(RFC[schema.urn]["attributes"])
    for name, row in expected.items():
        row.update(DELIBERATE.get(name, {}) | DELIBERATE.get(f"{schema.name}.{name}", {}))

    actual = our_rows(schema.attributes)

    assert {name: row for name, row in actual.items() if name not in ADDED} == expected
    assert RFC[schema.urn]["name"] == schema.name


def test_every_builtin_attribute_is_described() -> None:
    """The discovery document has a sentence for each attribute and sub-attribute."""
    described = [
        part.description
        for schema in (USER_SCHEMA, ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA)
        for attribute in schema.attributes
        for part in (attribute, *attribute.sub_attributes)
    ]

    assert all(described)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("username", "userName"),
        ("ID", "id"),
        ("NAME.GIVENNAME", "name.givenName"),
        ("meta.lastmodified", "meta.lastModified"),
        (f"{USER_URN.upper()}:USERNAME", "userName"),
        (f"{ENTERPRISE_USER_URN}:manager.$ref", f"{ENTERPRISE_USER_URN}:manager.$ref"),
        ("costcenter", f"{ENTERPRISE_USER_URN}:costCenter"),
        (ENTERPRISE_USER_URN.lower(), ENTERPRISE_USER_URN),
        (f"{ENTERPRISE_USER_URN}.department", f"{ENTERPRISE_USER_URN}:department"),
        (f"{USER_URN}.title", "title"),
    ],
)
def test_names_are_found_in_any_case(text: str, expected: str) -> None:
    """Attribute, sub-attribute and URN are case insensitive, and extension names may stand alone."""
    assert expected == str(USER.locate(parse_attribute(text)))


@pytest.mark.parametrize(
    "text",
    [
        "nope",
        "name.nope",
        "userName.value",
        f"{USER_URN}:department",
        "urn:other:x",
        f"{USER_URN}:a.b",
        USER_URN,
    ],
)
def test_unknown_names_are_not_found(text: str) -> None:
    """A name outside the schemas means nothing, also when an extension would have it under another URN."""
    assert USER.locate(parse_attribute(text)) is None


def test_a_resource_type_knows_its_attributes() -> None:
    """The common attributes come first and the core schema's follow."""
    assert ["schemas", "id", "externalId", "meta", "displayName", "members"] == [
        attribute.name for attribute in GROUP.attributes()
    ]


@pytest.mark.parametrize(
    "text", ["", "1a", "a b", "a.b.c", "a..b", "a.", ".a", "naïve", ":a", "urn::a", "a\n", "a["]
)
def test_malformed_names_are_refused(text: str) -> None:
    """What is not attribute notation is an invalidPath."""
    with pytest.raises(InvalidPath):
        parse_attribute(text)


def test_a_uri_with_a_slash_names_a_schema() -> None:
    """Microsoft's group schema is named by an http URL."""
    name = parse_attribute("http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group:x")

    assert "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group" == name.urn
    assert "x" == name.name


def test_contradictory_attributes_are_refused() -> None:
    """A schema cannot be compiled when a complex attribute has no parts, or a simple one has."""
    part = Attribute(name="value")
    with pytest.raises(ValueError, match="sub-attributes"):
        Attribute(name="x", type=Type.COMPLEX)
    with pytest.raises(ValueError, match="sub-attributes"):
        Attribute(name="x", sub_attributes=(part,))
    with pytest.raises(ValueError, match="cannot be complex"):
        Attribute(
            name="x",
            type=Type.COMPLEX,
            sub_attributes=(Attribute(name="y", type=Type.COMPLEX, sub_attributes=(part,)),),
        )


def test_names_are_unique_in_any_case() -> None:
    """Two attributes that differ only by case cannot live in one schema, nor two schemas share a URN."""
    with pytest.raises(ValueError, match="two attributes"):
        Schema(urn="urn:x:y", name="Y", attributes=(Attribute(name="a"), Attribute(name="A")))
    with pytest.raises(ValueError, match="two attributes"):
        ResourceType(
            name="Y",
            endpoint="/Y",
            schema=Schema(urn="urn:x:y", name="Y", attributes=(Attribute(name="ID"),)),
        )
    with pytest.raises(ValueError, match="share a URN"):
        ResourceType(name="Y", endpoint="/Y", schema=USER_SCHEMA, extensions=(Extension(schema=USER_SCHEMA),))


def test_a_schema_needs_a_uri() -> None:
    """A bare word could not be told from an attribute name."""
    with pytest.raises(ValueError, match="URI"):
        Schema(urn="word", name="Y", attributes=())


def test_a_name_renders_as_it_was_read() -> None:
    """The notation of a name is kept, whatever its case."""
    assert "urn:A:b:Name.$Ref" == str(parse_attribute("urn:A:b:Name.$Ref"))
    assert "x" == str(AttributeName(name="x"))
