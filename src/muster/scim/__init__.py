"""SCIM 2.0 as pure functions on plain dicts, driven by compiled schemas (RFC 7643, RFC 7644).

A thinking room: no clock, no randomness, no network, no database. A resource is a ``dict`` of JSON values;
a schema says what it may hold; every function takes values and returns new ones. Anything a client sends ends
in a value or in a ``ScimError`` that knows its own response, never in another exception.

The tour, from the ground up:

* ``values``: JSON, and the questions asked about it; ``errors``: the tree of what can be wrong; ``notation``:
  names
* ``schema``: ``Attribute`` → ``Schema`` → ``ResourceType``; ``builtin``: User, EnterpriseUser, Group;
  ``custom``: a schema from its document; ``extending``: an operator's own, ``fitting``: what it makes of
  what is stored
* ``filter``: the AST, built and rendered; ``grammar``: text → AST, within limits; ``matching``: AST →
  predicate
* ``path``: one place in a resource, to ``read`` and to ``write``; ``open_path``: one no schema describes
* ``dialects``: what is accepted although it is not the letter
* ``normalise``: one value; ``validate``: a whole resource, for POST and PUT
* ``patch_request``: the PATCH message; ``patch``: what it does, with ``patch_values`` and ``patch_elements``
* ``bulk_request``: the Bulk message; ``bulk``: in which order it is carried out, and its answer, with
  ``bulk_references``, ``bulk_circle`` and ``bulk_order``
* ``projection``: what a response shows; ``listing``: pages; ``discovery``: what a server says about itself;
  ``media``: content types

Create with ``validate``, replace with ``validate(…, replacing=old)``, modify with
``apply(old, parse_request(body), USER)``, find with ``predicate(parse(text), USER)``, answer with
``projection(USER, …).apply(resource)``.

It must not know who is asking, what is stored, or which provider is at the other end of the line: what that
one may do beside the letter comes in as a ``Dialect``.
"""

from muster.scim.builtin import (
    ENTERPRISE_USER_SCHEMA,
    ENTERPRISE_USER_URN,
    GROUP,
    GROUP_SCHEMA,
    GROUP_URN,
    USER,
    USER_SCHEMA,
    USER_URN,
)
from muster.scim.custom import schema_from_document
from muster.scim.dialects import CHOICES, TOLERANCES, USUAL, Dialect, Tolerance, Unknown, tolerating
from muster.scim.discovery import (
    AuthenticationScheme,
    Supported,
    resource_type_document,
    schema_document,
    schemas_of,
    service_provider_config,
)
from muster.scim.errors import ScimError
from muster.scim.extending import CustomSchema, custom_document, custom_schema, extended, unique_attributes
from muster.scim.filter import Filter, Op, all_of, any_of, compare, present, quote, render, where
from muster.scim.fitting import fitted
from muster.scim.grammar import Limits, parse
from muster.scim.listing import Page, list_response, page
from muster.scim.matching import matches, predicate
from muster.scim.media import SCIM_JSON, accepts_scim, is_scim
from muster.scim.open_path import open_path
from muster.scim.patch import apply
from muster.scim.patch_request import PATCH_URN, Operation, Verb, parse_request
from muster.scim.path import Path, parse_path, read, write
from muster.scim.projection import Projection, project, projection
from muster.scim.schema import Attribute, Extension, ResourceType, Schema
from muster.scim.validate import validate
from muster.scim.values import JsonValue, Resource

__all__ = [
    "CHOICES",
    "ENTERPRISE_USER_SCHEMA",
    "ENTERPRISE_USER_URN",
    "GROUP",
    "GROUP_SCHEMA",
    "GROUP_URN",
    "PATCH_URN",
    "SCIM_JSON",
    "TOLERANCES",
    "USER",
    "USER_SCHEMA",
    "USER_URN",
    "USUAL",
    "Attribute",
    "AuthenticationScheme",
    "CustomSchema",
    "Dialect",
    "Extension",
    "Filter",
    "JsonValue",
    "Limits",
    "Op",
    "Operation",
    "Page",
    "Path",
    "Projection",
    "Resource",
    "ResourceType",
    "Schema",
    "ScimError",
    "Supported",
    "Tolerance",
    "Unknown",
    "Verb",
    "accepts_scim",
    "all_of",
    "any_of",
    "apply",
    "compare",
    "custom_document",
    "custom_schema",
    "extended",
    "fitted",
    "is_scim",
    "list_response",
    "matches",
    "open_path",
    "page",
    "parse",
    "parse_path",
    "parse_request",
    "predicate",
    "present",
    "project",
    "projection",
    "quote",
    "read",
    "render",
    "resource_type_document",
    "schema_document",
    "schema_from_document",
    "schemas_of",
    "service_provider_config",
    "tolerating",
    "unique_attributes",
    "validate",
    "where",
    "write",
]
