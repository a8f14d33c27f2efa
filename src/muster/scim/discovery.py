"""The documents a client discovers a server by (RFC 7644 §4, RFC 7643 §5, §6, §7, §8.5 to §8.7).

They are rendered from the compiled schemas and from ``Supported``, which the endpoint fills in from what it
really does, so that no document can promise more than the code keeps.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from muster.scim.dialects import PLAIN_CONFIG, USUAL, Dialect
from muster.scim.schema import Attribute, ResourceType, Schema
from muster.scim.values import Resource, json_list

CONFIG_URN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE_URN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA_URN = "urn:ietf:params:scim:schemas:core:2.0:Schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationScheme:
    """A way for clients to sign in; ``type`` is one of the words of RFC 7643 §5."""

    type: str
    name: str
    description: str
    spec_uri: str | None = None
    documentation_uri: str | None = None
    primary: bool = False


BEARER = AuthenticationScheme(
    type="oauthbearertoken",
    name="OAuth Bearer Token",
    description="A bearer token in the Authorization header.",
    spec_uri="https://www.rfc-editor.org/info/rfc6750",
    primary=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """What an endpoint implements; the limits count operations, bytes and resources."""

    patch: bool = False
    bulk: bool = False
    bulk_max_operations: int = 0
    bulk_max_payload_size: int = 0
    filter: bool = False
    filter_max_results: int = 0
    change_password: bool = False
    sort: bool = False
    etag: bool = False
    cursor: bool = False
    default_page_size: int = 0
    max_page_size: int = 0
    authentication_schemes: tuple[AuthenticationScheme, ...] = (BEARER,)
    documentation_uri: str | None = None


def service_provider_config(supported: Supported, base_url: str, *, dialect: Dialect = USUAL) -> Resource:
    """Return the ServiceProviderConfig document (RFC 7643 §5), as the client who asks can read it."""
    return _without_none(
        {
            "schemas": [CONFIG_URN],
            "documentationUri": supported.documentation_uri,
            "patch": {"supported": supported.patch},
            "bulk": {
                "supported": supported.bulk,
                "maxOperations": supported.bulk_max_operations,
                "maxPayloadSize": supported.bulk_max_payload_size,
            },
            "filter": {"supported": supported.filter, "maxResults": supported.filter_max_results},
            "changePassword": {"supported": supported.change_password},
            "sort": {"supported": supported.sort},
            "etag": {"supported": supported.etag},
            "pagination": None if dialect.takes(PLAIN_CONFIG) else _pagination(supported),
            "authenticationSchemes": json_list(map(_scheme, supported.authentication_schemes)),
            "meta": _meta("ServiceProviderConfig", f"{_base(base_url)}/ServiceProviderConfig"),
        }
    )


def _pagination(supported: Supported) -> Resource | None:
    """Return what RFC 9865 §4 adds; nothing where only pages by index are offered."""
    if not supported.cursor:
        return None
    return {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": supported.default_page_size,
        "maxPageSize": supported.max_page_size,
    }


def resource_type_document(resource_type: ResourceType, base_url: str) -> Resource:
    """Return the ResourceType document of one type (RFC 7643 §6)."""
    document: Resource = {
        "schemas": [RESOURCE_TYPE_URN],
        "id": resource_type.name,
        "name": resource_type.name,
        "endpoint": resource_type.endpoint,
        "description": resource_type.description or resource_type.name,
        "schema": resource_type.schema.urn,
        "meta": _meta("ResourceType", f"{_base(base_url)}/ResourceTypes/{resource_type.name}"),
    }
    if resource_type.extensions:
        document["schemaExtensions"] = [
            {"schema": item.schema.urn, "required": item.required} for item in resource_type.extensions
        ]
    return document


def schemas_of(resource_types: Iterable[ResourceType]) -> tuple[Schema, ...]:
    """Return every schema the types use, each once, core schemas before extensions."""
    types = tuple(resource_types)
    schemas = [kind.schema for kind in types]
    schemas.extend(item.schema for kind in types for item in kind.extensions)
    return tuple({schema.urn: schema for schema in schemas}.values())


def schema_document(schema: Schema, base_url: str) -> Resource:
    """Return the Schema document of one schema (RFC 7643 §7)."""
    return {
        "schemas": [SCHEMA_URN],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description or schema.name,
        "attributes": json_list(map(_attribute, schema.attributes)),
        "meta": _meta("Schema", f"{_base(base_url)}/Schemas/{schema.urn}"),
    }


def _attribute(attribute: Attribute) -> Resource:
    document: Resource = {
        "name": attribute.name,
        "type": attribute.type.value,
        "multiValued": attribute.multi_valued,
        "description": attribute.description or attribute.name,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability.value,
        "returned": attribute.returned.value,
        "uniqueness": attribute.uniqueness.value,
    }
    if attribute.canonical_values:
        document["canonicalValues"] = json_list(attribute.canonical_values)
    if attribute.reference_types:
        document["referenceTypes"] = json_list(attribute.reference_types)
    if attribute.sub_attributes:
        document["subAttributes"] = json_list(map(_attribute, attribute.sub_attributes))
    return document


def _scheme(scheme: AuthenticationScheme) -> Resource:
    return _without_none(
        {
            "type": scheme.type,
            "name": scheme.name,
            "description": scheme.description,
            "specUri": scheme.spec_uri,
            "documentationUri": scheme.documentation_uri,
            "primary": scheme.primary,
        }
    )


def _meta(resource_type: str, location: str) -> Resource:
    return {"resourceType": resource_type, "location": location}


def _base(url: str) -> str:
    return url.rstrip("/")


def _without_none(document: Resource) -> Resource:
    return {name: value for name, value in document.items() if value is not None}
