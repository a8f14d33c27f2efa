"""What holds for every schema an operator may define."""

import json

from hypothesis import given
from hypothesis import strategies as st

from made_schemas import contents, custom_schemas
from muster.scim.builtin import GROUP, USER, USER_URN
from muster.scim.custom import schema_from_document
from muster.scim.discovery import resource_type_document, schema_document
from muster.scim.extending import CustomSchema, custom_document, custom_schema, extended
from muster.scim.fitting import fitted
from muster.scim.notation import parse_attribute
from muster.scim.path import parse_path
from muster.scim.validate import validate

BASE = "https://acme.example/scim/v2"


@given(custom_schemas())
def test_its_discovery_document_describes_the_same_schema(custom: CustomSchema) -> None:
    """What clients are told is the whole schema, so that another server could be given it."""
    told = json.loads(json.dumps(schema_document(custom.schema, BASE)))

    assert custom.schema == schema_from_document(told)


@given(custom_schemas())
def test_it_reads_back_from_its_document(custom: CustomSchema) -> None:
    """What is stored of a schema is all of it."""
    assert custom == custom_schema(json.loads(json.dumps(custom_document(custom))))


@given(custom_schemas())
def test_its_attributes_are_found_by_their_urn_in_any_letter_case(custom: CustomSchema) -> None:
    """Filters, PATCH and projection reach each attribute, and the extension as a whole."""
    for kind in (USER, GROUP):
        if kind.name not in custom.extends:
            continue
        types = extended(kind, [custom])
        for attribute in custom.schema.attributes:
            place = f"{custom.schema.urn}:{attribute.name}"

            assert place == str(parse_path(place.upper(), types))
            assert place == str(types.locate(parse_attribute(place.lower())))
        assert custom.schema.urn == str(parse_path(custom.schema.urn.upper(), types))


@given(custom_schemas())
def test_the_resource_types_name_it(custom: CustomSchema) -> None:
    """A client learns from the resource type whether it must send the extension."""
    for kind in (USER, GROUP):
        told = resource_type_document(extended(kind, [custom]), BASE).get("schemaExtensions", [])
        stated = {"schema": custom.schema.urn, "required": custom.extends.get(kind.name)}

        assert isinstance(told, list)
        assert (stated in told) is (kind.name in custom.extends)


@given(custom_schemas().flatmap(lambda custom: st.tuples(st.just(custom), contents(custom.schema))))
def test_valid_content_is_kept_as_it_is(given_: tuple[CustomSchema, dict[str, object]]) -> None:
    """Validation finds nothing to change in what is in the schema's shape, and neither does fitting."""
    custom, content = given_
    types = extended(USER, [CustomSchema(schema=custom.schema, extends={"User": False})])
    body = {"schemas": [USER_URN], "userName": "ana", custom.schema.urn: content}
    kept = validate(json.loads(json.dumps(body)), types).get(custom.schema.urn, {})

    assert content == kept
    if content:
        assert content == fitted(json.loads(json.dumps(content)), custom.schema)
