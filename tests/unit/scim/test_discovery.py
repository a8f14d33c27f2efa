import json
from typing import Any

import pytest

from muster import scim
from muster.scim.builtin import ENTERPRISE_USER_SCHEMA, GROUP, GROUP_SCHEMA, USER, USER_SCHEMA
from muster.scim.custom import schema_from_document
from muster.scim.discovery import (
    BEARER,
    AuthenticationScheme,
    Supported,
    resource_type_document,
    schema_document,
    schemas_of,
    service_provider_config,
)
from muster.scim.errors import InvalidValue
from muster.scim.schema import Schema
from rfc.examples import example

RFC = example("rfc7643/8.7.1-schemas.json").body
BASE = "https://example.com/v2/"


def test_the_configuration_says_what_is_supported() -> None:
    """Each answer comes from the argument, in the shape of RFC 7643 §8.5."""
    supported = Supported(
        patch=True,
        bulk=True,
        bulk_max_operations=1000,
        bulk_max_payload_size=1048576,
        filter=True,
        filter_max_results=200,
        sort=True,
        etag=True,
        documentation_uri="https://example.com/help/scim.html",
        authentication_schemes=(
            BEARER,
            AuthenticationScheme(type="httpbasic", name="HTTP Basic", description="A password."),
        ),
    )

    assert {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "https://example.com/help/scim.html",
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": 1000, "maxPayloadSize": 1048576},
        "filter": {"supported": True, "maxResults": 200},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "A bearer token in the Authorization header.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            },
            {"type": "httpbasic", "name": "HTTP Basic", "description": "A password.", "primary": False},
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": "https://example.com/v2/ServiceProviderConfig",
        },
    } == service_provider_config(supported, BASE)


def test_nothing_is_promised_by_default() -> None:
    """An endpoint that says nothing supports nothing, and leaves out what is optional."""
    document = service_provider_config(Supported(), BASE)

    assert "documentationUri" not in document
    assert [{"supported": False}] * 4 == [
        document[key] for key in ("patch", "sort", "etag", "changePassword")
    ]


def test_resource_types() -> None:
    """The documents are those of RFC 7643 §8.6, but for the enterprise extension, which is optional here."""
    assert {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "User Account",
        "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
        "schemaExtensions": [
            {"schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "required": False}
        ],
        "meta": {"location": "https://example.com/v2/ResourceTypes/User", "resourceType": "ResourceType"},
    } == resource_type_document(USER, BASE)
    assert "schemaExtensions" not in resource_type_document(GROUP, BASE)


def test_every_schema_in_use_is_listed_once() -> None:
    """Core schemas come first, and a shared extension once."""
    assert (USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_USER_SCHEMA) == schemas_of([USER, GROUP, USER])


@pytest.mark.parametrize("schema", [USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_USER_SCHEMA], ids=lambda s: s.name)
def test_a_schema_document_compiles_to_the_same_schema(schema: Schema) -> None:
    """Nothing the code knows is missing from what it tells."""
    document = json.loads(json.dumps(schema_document(schema, BASE)))

    assert schema == schema_from_document(document)
    assert f"https://example.com/v2/Schemas/{schema.urn}" == document["meta"]["location"]
    assert ["urn:ietf:params:scim:schemas:core:2.0:Schema"] == document["schemas"]


@pytest.mark.parametrize("document", RFC, ids=lambda document: document["name"])
def test_the_schema_documents_of_the_rfc_compile(document: Any) -> None:  # noqa: ANN401 - any JSON
    """RFC 7643 §8.7.1 is a valid way to define a schema, with the defaults of §2.2 where it is silent."""
    schema = schema_from_document(document)

    assert (document["id"], document["name"]) == (schema.urn, schema.name)
    assert [item["name"] for item in document["attributes"]] == [item.name for item in schema.attributes]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (None, None),
        ([], None),
        ({}, "id"),
        ({"id": 5}, "id"),
        ({"id": "word"}, "id"),
        ({"id": "urn:x:y", "attributes": {}}, "attributes"),
        ({"id": "urn:x:y", "attributes": [5]}, "attributes[0]"),
        ({"id": "urn:x:y", "attributes": [{}]}, "attributes[0].name"),
        ({"id": "urn:x:y", "attributes": [{"name": "a b"}]}, "attributes[0]"),
        ({"id": "urn:x:y", "attributes": [{"name": "a"}, {"name": "A"}]}, "attributes"),
        ({"id": "urn:x:y", "attributes": [{"name": "a", "type": "uuid"}]}, "attributes[0].type"),
        ({"id": "urn:x:y", "attributes": [{"name": "a", "type": []}]}, "attributes[0].type"),
        ({"id": "urn:x:y", "attributes": [{"name": "a", "type": "complex"}]}, "attributes[0]"),
        ({"id": "urn:x:y", "attributes": [{"name": "a", "required": "yes"}]}, "attributes[0].required"),
        ({"id": "urn:x:y", "name": "\x00", "attributes": []}, "name"),
        (
            {"id": "urn:x:y", "attributes": [{"name": "a", "canonicalValues": ["\ud800"]}]},
            "attributes[0].canonicalValues",
        ),
        ({"id": "urn:x:y", "attributes": [{"name": "a", "returned": "often"}]}, "attributes[0].returned"),
        (
            {"id": "urn:x:y", "attributes": [{"name": "a", "canonicalValues": "x"}]},
            "attributes[0].canonicalValues",
        ),
        (
            {"id": "urn:x:y", "attributes": [{"name": "a", "referenceTypes": [5]}]},
            "attributes[0].referenceTypes",
        ),
        (
            {
                "id": "urn:x:y",
                "attributes": [
                    {
                        "name": "a",
                        "type": "complex",
                        "subAttributes": [{"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]}],
                    }
                ],
            },
            "attributes[0].subAttributes[0].subAttributes",
        ),
    ],
)
def test_a_broken_schema_is_refused_with_its_path(document: Any, path: str | None) -> None:  # noqa: ANN401 - any JSON
    """An operator is told which line of the schema is wrong."""
    with pytest.raises(InvalidValue) as caught:
        schema_from_document(document)

    assert path == caught.value.path


def test_a_custom_schema_works_like_a_builtin_one() -> None:
    """A schema read from a document validates, is patched, filtered and projected."""
    schema = schema_from_document({"id": "urn:x:hr", "attributes": [{"name": "age", "type": "integer"}]})
    employee = scim.ResourceType(
        name="User", endpoint="/Users", schema=scim.USER_SCHEMA, extensions=(scim.Extension(schema=schema),)
    )
    body: scim.Resource = {"schemas": [scim.USER_URN], "userName": "u", "urn:x:hr": {"AGE": 30}}
    made = scim.validate(body, employee)
    older = scim.apply(
        made, [scim.Operation(verb=scim.Verb.REPLACE, path="urn:x:hr:age", value=31)], employee
    )

    assert {"urn:x:hr": {"age": 31}, "schemas": [scim.USER_URN, "urn:x:hr"]} == scim.project(
        older, employee, attributes=["urn:x:hr:age"]
    )
    assert scim.matches(scim.parse("age gt 30"), older, employee)


def test_the_package_exports_what_it_says() -> None:
    """Every public name is there, and a function is not hidden by the module of the same name."""
    missing = [name for name in scim.__all__ if not hasattr(scim, name)]

    assert [] == missing
    assert all(callable(item) for item in (scim.validate, scim.projection, scim.schema_document, scim.parse))
