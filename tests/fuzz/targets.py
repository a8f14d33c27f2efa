"""What is fuzzed: a function of bytes that returns, or raises when something holds no more.

A ``ScimError`` is an answer and is swallowed; any other exception is a find.
"""

import contextlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from muster.directory.conditions import condition_on_groups, condition_on_people
from muster.scim.builtin import GROUP, USER
from muster.scim.bulk_request import parse_bulk
from muster.scim.errors import ScimError
from muster.scim.filter import Filter, Not, render
from muster.scim.grammar import Limits, parse
from muster.scim.matching import predicate
from muster.scim.patch import apply
from muster.scim.patch_reach import members_reached
from muster.scim.patch_request import PATCH_URN, parse_request
from muster.scim.path import parse_path
from muster.scim.schema import ResourceType
from muster.scim.search import search_request
from muster.scim.validate import validate
from muster.scim.values import JsonValue, Resource
from muster.web.scim_request import decoded

_WIDE: Final = Limits(length=10**6, comparisons=10**4, depth=100)
_ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_PERSON: Final[Resource] = {
    "schemas": [USER.schema.urn, _ENTERPRISE],
    "userName": "bjensen",
    "name": {"familyName": "Jensen"},
    "active": True,
    "emails": [{"value": "b@example.com", "type": "work", "primary": True}, {"value": "b@example.org"}],
    "x509Certificates": [{"value": "YQ=="}],
    "meta": {"created": "2011-05-13T04:42:34Z"},
    _ENTERPRISE: {"manager": {"value": "26118915"}},
}
_TEAM: Final[Resource] = {
    "schemas": [GROUP.schema.urn],
    "displayName": "Tour Guides",
    "members": [{"value": "2819c223", "type": "User"}, {"value": "902c246b"}],
}
_KINDS: Final[tuple[tuple[ResourceType, Resource], ...]] = ((USER, _PERSON), (GROUP, _TEAM))


def filter_(data: bytes) -> None:
    """A filter parses to what it is rendered as, and says yes or no of any resource, or is refused."""
    text = data.decode("utf-8", "surrogateescape")  # what is no UTF-8 is half a surrogate pair
    ast = _answered(parse, text)
    if ast is None:
        return
    _same(ast, parse(render(ast), limits=_WIDE))
    for resource_type, resource in _KINDS:
        _decide(ast, resource_type, resource)
    _answered(condition_on_people, ast, USER)
    _answered(condition_on_groups, ast, GROUP)


def _decide(ast: Filter, resource_type: ResourceType, resource: Resource) -> None:
    tests = [
        _answered(predicate, ast, resource_type),
        _answered(predicate, ast, resource_type, unknown_is_absent=True),
    ]
    for test in tests:
        if test is not None:
            negated = predicate(Not(term=ast), resource_type, unknown_is_absent=True)
            _same(test(resource), not negated(resource))


def path(data: bytes) -> None:
    """A PATCH path parses to what it is written as, and can be changed, or is refused."""
    text = data.decode("utf-8", "surrogateescape")
    for resource_type, resource in _KINDS:
        found = _answered(parse_path, text, resource_type)
        if found is None:
            _patch({"op": "remove", "path": text}, resource_type, resource)
            continue
        _same(str(found), str(parse_path(str(found), resource_type)))
        for verb in ("add", "replace", "remove"):
            for value in ("x", True, {"value": "x", "type": "work"}, [{"value": "2819c223"}]):
                _patch({"op": verb, "path": text, "value": value}, resource_type, resource)


def body(data: bytes) -> None:
    """Any bytes are a resource, a PATCH, a search or bulk request, or are refused; what is taken stays."""
    value = _answered(decoded, data)
    if value is None:
        return
    for resource_type, resource in _KINDS:
        taken = _answered(validate, value, resource_type)
        if taken is not None:
            _same(taken, validate(taken, resource_type))
            msgspec.json.encode(taken)
        _answered(validate, value, resource_type, replacing=resource)
        _patch(value, resource_type, resource)
    _answered(search_request, value)
    _answered(parse_bulk, value, (USER, GROUP))


def _patch(message: JsonValue, resource_type: ResourceType, resource: Resource) -> None:
    """A message, or one operation of one, is applied and applied again, or is refused; the resource stays."""
    before = repr(resource)
    is_operation = isinstance(message, dict) and "op" in message
    whole: JsonValue = {"schemas": [PATCH_URN], "Operations": [message]} if is_operation else message
    operations = _answered(parse_request, whole)
    if operations is not None:
        _answered(members_reached, operations, resource_type)
        changed = _answered(apply, resource, operations, resource_type)
        if changed is not None:
            msgspec.json.encode(changed)
            _answered(apply, changed, operations, resource_type)
    _same(before, repr(resource))


def _answered(act: Callable[..., Any], *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - of any act
    """What the act gives; None when it is refused."""
    with contextlib.suppress(ScimError):
        return act(*arguments, **more)
    return None


def _same(one: object, other: object) -> None:
    if one != other:
        raise AssertionError(f"{one!r} is not {other!r}")


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {"filter": filter_, "path": path, "body": body}
