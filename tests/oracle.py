"""scim2-models, told our schemas: another reading of RFC 7644, to compare ours with.

The models are made from our own Schema documents, so that both sides have the same attributes, and compare
text as ours do.
"""

import operator
import os
from functools import cache, reduce
from typing import Any, Final, Literal

from hypothesis import settings
from pydantic import ValidationError
from scim2_models import Context, Extension, PatchOp, Resource, Schema, ScimFilter, ScimPolicy
from scim2_models.exceptions import SCIMException

from muster.scim.discovery import schema_document
from muster.scim.patch_request import PATCH_URN
from muster.scim.schema import ResourceType
from muster.scim.schema import Schema as OurSchema

_NIGHT: Final = os.environ.get("HYPOTHESIS_PROFILE") == "night"


def repeatable(*, times: int = 1) -> settings:
    """So many times the usual examples, the same in every run but at night.

    Two readings of one text always differ somewhere. A difference nobody has named yet is to be found by
    whoever looks for one, not by whoever changes something else.
    """
    usual = settings.default.max_examples if settings.default else 100
    return settings(max_examples=times * usual, derandomize=not _NIGHT)


REFUSED: Final = "refused"
Verdict = bool | Literal["refused"]

FOLDING: Final = ScimPolicy(
    comparison_key=lambda binding, text: text if binding.case_exact else text.casefold()
)

# An add at a filter that selects nothing makes the element that the filter describes, as Entra ID expects.
ADDING: Final = FOLDING.model_copy(update={"unmatched_path_filter": ScimPolicy.UnmatchedPathFilter.create})


@cache
def model_of(resource_type: ResourceType) -> Any:  # noqa: ANN401 - a class made at run time
    """The library's class for resources of this type."""
    base = Resource.from_schema(_schema(resource_type.schema))
    extensions = [Extension.from_schema(_schema(item.schema)) for item in resource_type.extensions]
    return base[reduce(operator.or_, extensions)] if extensions else base


def _schema(schema: OurSchema) -> Schema:
    return Schema.model_validate(schema_document(schema, "https://acme.example/scim/v2"))


def accepts(text: str) -> bool:
    """Whether the library takes the text for a filter."""
    try:
        ScimFilter(text)
    except SCIMException:
        return False
    return True


def verdict(text: str, resource: dict[str, Any], resource_type: ResourceType) -> Verdict:
    """Whether the resource satisfies the filter, as the library sees it."""
    model = model_of(resource_type)
    with FOLDING:
        known = model.model_validate(resource)
        try:
            return bool(ScimFilter[model](text).match(known, strict=True))
        except SCIMException:
            return REFUSED


def patched(
    resource: dict[str, Any], operation: dict[str, Any], resource_type: ResourceType
) -> dict[str, Any] | Literal["refused"]:
    """The resource after the operation, as the library applies it with the tolerances that we have."""
    model = model_of(resource_type)
    known = model.model_validate(resource)
    body = {"schemas": [PATCH_URN], "Operations": [operation]}
    with ADDING if operation["op"] == "add" else FOLDING:
        try:
            PatchOp[model].model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(known)
        except (SCIMException, ValidationError):
            return REFUSED
        dumped: dict[str, Any] = known.model_dump(scim_ctx=Context.DEFAULT)
    return dumped
