"""PATCH does here what it does for scim2-models, but for the differences named in one table."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from hypothesis import assume, event, given
from hypothesis import strategies as st

import oracle
from muster.scim.errors import ScimError
from muster.scim.filter import Not as NotFilter
from muster.scim.filter import Op, all_of, compare, present, render
from muster.scim.patch import apply
from muster.scim.patch_request import PATCH_URN, parse_request
from muster.scim.path import Path, parse_path
from muster.scim.schema import Attribute, Mutability, Type
from muster.scim.validate import validate
from muster.scim.values import elements, instant
from oracle import REFUSED
from scim_strategies import PROVEN, operations, resources_with, values

Change = dict[str, Any]
Resource = dict[str, Any]
Test = Callable[[Path, Any, Resource], bool]

# ── The table of differences ────────────────────────────────────────────────────────────────────────────────
# Asked of the library in another way (``asked``); what comes out must agree.
ASKED_OTHERWISE: Final = {
    "what is read-only in a value": """
        Okta repeats a group's id with every change of it, and providers send what they were shown: read-only
        attributes inside a value are passed over, as RFC 7644 §3.5.1 has it for PUT; the library refuses.""",
    "a part of no element": """
        RFC 7644 §3.5.2.1: where the target location does not exist, "the attribute and value are added"; the
        library changes nothing where a multi-valued attribute has no element.""",
    "the same value again": """
        Elements of the same value and type are the same (RFC 7643 §2.4), so adding one again adds its other
        parts to it; the library puts another beside it.""",
    "adding null": """
        null is unassigned (RFC 7643 §2.5): adding it to one value unassigns it, and to many adds none; the
        library refuses.""",
    "a bare text for a complex attribute": """
        Entra ID sends the manager as a text, and an empty one to clear it; the library refuses both.""",
    "an empty text": """
        OneLogin's template writes an empty text for no value; the library keeps or refuses it.""",
    "a password": """
        A secret has no place in a resource: it is checked and dropped; the library keeps it.""",
}
# One side refuses what the other takes.
WE_REFUSE: Final[dict[str, Test]] = {
    # RFC 7643 §2.3: a number is no truth value and a text no number; the library converts some.
    "a value of another type": lambda path, value, _: (
        not all(_fits(path.sub or path.attribute, item) for item in elements(value))
    ),
    # RFC 7643 §2.4: only one value is primary; the library lets the last one be it.
    "several made primary": lambda path, value, resource: (
        _is(path.sub, "primary") and _truth(value) and len(_selected(path, resource)) > 1
    ),
    # Two words for one part of an element that is to be made: which is meant would be a guess.
    "a filter that says a part twice": lambda path, _, resource: (
        path.filter is not None and not _selected(path, resource) and path.eq_terms() is None
    ),
}
THEY_REFUSE: Final[dict[str, Test]] = {
    # RFC 7643 §2.3.7 lets a reference be relative; the library wants whole addresses of what is "external".
    "a reference that is no address": lambda path, value, _: (
        (path.sub or path.attribute or PROVEN.attributes()[0]).type is Type.REFERENCE
        and isinstance(value, str)
        and "://" not in value
    ),
    # An element that an add makes has what the filter says, unless the value says otherwise.
    "a value that overrules the filter": lambda path, value, resource: (
        path.filter is not None and not _selected(path, resource) and _overrules(path, value)
    ),
}
REPLACED_WHOLE: Final = """
    RFC 7644 §3.5.2.3: "all matching record values SHALL be replaced": an element that a filter selects keeps
    only what the filter says of it; the library keeps every part that the value does not name."""


def _fits(kind: Attribute | None, value: object) -> bool:
    if kind is None or kind.type is Type.COMPLEX or value is None:
        return True
    match kind.type:
        case Type.BOOLEAN:
            return isinstance(value, bool)
        case Type.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Type.DECIMAL:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return isinstance(value, str)


def _is(attribute: Attribute | None, name: str) -> bool:
    return attribute is not None and attribute.name == name


def _truth(value: object) -> bool:
    return value is True


def _overrules(path: Path, value: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether the value has a part that the filter describes, and another one."""
    new = {path.sub.name: value} if path.sub else value
    described = path.eq_terms() or {}
    return isinstance(new, dict) and any(new.get(name, part) != part for name, part in described.items())


def _held(path: Path, resource: Resource) -> list[Any]:
    """The elements that the attribute of the path has."""
    container = resource.get(path.extension.urn, {}) if path.extension else resource
    return elements(container.get(path.attribute.name)) if path.attribute else []


def _selected(path: Path, resource: Resource) -> list[Any]:
    """Those of them that the filter of the path selects."""
    return [item for item in _held(path, resource) if path.selects(item)]


def shown(table: dict[str, Test], change: Change, resource: Resource) -> list[str]:
    """The differences of the table that the operation shows."""
    if change["op"] == "remove":
        return []
    paths = [(parse_path(text, PROVEN), value) for text, value in _parts(change).items()]
    return [name for name, test in table.items() for path, value in paths if test(path, value, resource)]


# ── Asking the library otherwise ────────────────────────────────────────────────────────────────────────────


def asked(change: Change, resource: Resource) -> list[Change]:
    """The operations that the library must be given instead of this one."""
    if change["op"] == "remove":
        return [change]
    found: list[Change] = []
    for text, value in _parts(change).items():
        if not _is_read_only(parse_path(text, PROVEN)) or "path" in change:
            found.extend(_asked({"op": change["op"], "path": text, "value": value}, resource))
    return found


def _parts(change: Change) -> dict[str, Any]:
    """What is said of each attribute: by path, by the keys of a value, or by those of an extension."""
    value = change["value"]
    if "path" not in change:
        return dict(value)
    extension = PROVEN.extension(change["path"])
    if extension is None or not isinstance(value, dict):
        return {change["path"]: value}
    return {f"{extension.urn}:{name}": part for name, part in value.items()}


def _asked(change: Change, resource: Resource) -> list[Change]:
    path = parse_path(change["path"], PROVEN)
    value = _writable(path, change["value"])
    kind = path.sub or path.attribute
    if value == "" and kind is not None and _can_be_empty(kind):
        event("an empty text")
        value = None
    if isinstance(value, str) and _takes_object(path):
        event("a bare text for a complex attribute")
        value = {"value": value}
    if value is None and change["op"] == "add":
        event("adding null")
        adds_none = path.attribute is not None and path.attribute.multi_valued and path.sub is None
        return [] if adds_none and not _is_read_only(path) else [{**change, "op": "replace", "value": None}]
    if (
        value is not None
        and path.sub
        and path.filter is None
        and _is_list(path)
        and not _held(path, resource)
    ):
        event("a part of no element")
        return [{"op": "add", "path": change["path"].rpartition(".")[0], "value": [{path.sub.name: value}]}]
    if change["op"] == "add" and _is_list(path) and path.sub is None and path.filter is None:
        return _merging({**change, "value": value}, path, resource)
    return [{**change, "value": value}]


def _can_be_empty(kind: Attribute) -> bool:
    """Whether an empty text says that there is no value."""
    if kind.type is Type.COMPLEX:
        return kind.sub("value") is not None
    return kind.type not in {Type.BOOLEAN, Type.INTEGER, Type.DECIMAL}


def _takes_object(path: Path) -> bool:
    kind = path.attribute
    return kind is not None and not kind.multi_valued and path.sub is None and kind.sub("value") is not None


def _is_list(path: Path) -> bool:
    return path.attribute is not None and path.attribute.multi_valued


def _is_read_only(path: Path) -> bool:
    return path.attribute is not None and path.attribute.mutability is Mutability.READ_ONLY


def _writable(path: Path, value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value without what is read-only inside it."""
    if not isinstance(value, dict) or path.attribute is None:
        return value
    subs = {key: path.attribute.sub(key) for key in value}
    return {key: part for key, part in value.items() if not (sub := subs[key]) or _is_ours(sub)}


def _is_ours(attribute: Attribute) -> bool:
    return attribute.mutability is not Mutability.READ_ONLY


def _merging(change: Change, path: Path, resource: Resource) -> list[Change]:
    """Elements that are there already, as additions to them."""
    items = elements(change["value"])
    known = {
        _identity(path, item) for item in _held(path, resource) if isinstance(item, dict) and "value" in item
    }
    again = [item for item in items if isinstance(item, dict) and _identity(path, item) in known]
    if not again or sum(_truth(item.get("primary")) for item in items if isinstance(item, dict)) > 1:
        return [change]
    event("the same value again")
    found: list[Change] = []
    for item in items:
        if item not in again:
            found.append({**change, "value": [item]})
        elif parts := {name: part for name, part in item.items() if name not in {"value", "type"}}:
            found.append({"op": "add", "path": f"{change['path']}[{_same(item)}]", "value": parts})
    return found


def _identity(path: Path, item: Resource) -> tuple[Any, Any]:
    """What makes it the same: value and type, in any letter case where case does not count."""
    value, kind = item.get("value"), item.get("type")
    exact = path.attribute is None or (sub := path.attribute.sub("value")) is None or sub.case_exact
    folded = value if exact or not isinstance(value, str) else value.casefold()
    return folded, kind.casefold() if isinstance(kind, str) else None


def _same(item: Resource) -> str:
    kind = compare("type", Op.EQ, item["type"]) if "type" in item else NotFilter(term=present("type"))
    return render(all_of(compare("value", Op.EQ, item["value"]), kind))


# ── Both sides ──────────────────────────────────────────────────────────────────────────────────────────────


def ours(resource: Resource, *changes: Change) -> Any:  # noqa: ANN401 - JSON, or that it was refused
    """The resource after the operations, as we apply them."""
    try:
        return apply(resource, parse_request({"schemas": [PATCH_URN], "Operations": list(changes)}), PROVEN)
    except ScimError:
        return REFUSED


def theirs(resource: Resource, change: Change) -> Any:  # noqa: ANN401 - as ours
    """The resource after the operation, as the library applies it."""
    found: Any = resource
    for step in asked(change, resource):
        if found != REFUSED:
            found = oracle.patched(found, step, PROVEN)
    return {key: value for key, value in found.items() if key != "password"} if found != REFUSED else found


def canonical(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value without the order of members and elements, and with times as the instants they are."""
    match value:
        case dict():
            return {key: canonical(part) for key, part in sorted(value.items())}
        case list():
            return sorted((canonical(item) for item in value), key=repr)
        case str():
            return instant(value) or value
        case _:
            return value


def is_replaced_whole(change: Change, resource: Resource) -> bool:
    """Whether the operation replaces elements that a filter selects."""
    if change["op"] != "replace" or "path" not in change or not isinstance(change["value"], dict):
        return False
    path = parse_path(change["path"], PROVEN)
    return path.filter is not None and bool(_selected(path, resource))


PATCHES: Final = st.lists(operations(PROVEN), min_size=1, max_size=3).flatmap(
    lambda changes: st.tuples(resources_with(changes, PROVEN), st.just(changes))
)


@oracle.repeatable(times=3)
@given(PATCHES)
def test_both_patch_alike(sample: tuple[Resource, list[Change]]) -> None:
    """After each operation the resource is the same for both, or both refuse, or the table says why not."""
    resource, changes = sample
    try:
        resource = validate(resource, PROVEN)
    except ScimError:
        assume(condition=False)  # two primaries, say
    whole = ours(resource, *changes)
    for change in changes:
        after = ours(resource, change)
        if refusals := shown(WE_REFUSE, change, resource):
            assert after == REFUSED, (refusals, change)
        elif shown(THEY_REFUSE, change, resource):
            return
        elif not is_replaced_whole(change, resource):
            assert canonical(after) == canonical(theirs(resource, change)), (resource, change)
        if after == REFUSED:
            event("refused")
            assert REFUSED == whole
            return
        resource = after
    assert canonical(resource) == canonical(whole)


EMAILS: Final = next(item for item in PROVEN.attributes() if item.name == "emails")


@oracle.repeatable()
@given(values(EMAILS), values(replace(EMAILS, multi_valued=False)), st.data())
def test_a_selected_element_is_replaced_whole(held: list[Any], value: Resource, data: st.DataObject) -> None:
    """It has what the filter says of it and what the value says; the others stay, but for who is primary."""
    chosen = data.draw(st.sampled_from(held))
    name = data.draw(st.sampled_from(sorted(chosen)))
    change = {
        "op": "replace",
        "path": f"emails[{render(compare(name, Op.EQ, chosen[name]))}]",
        "value": value,
    }
    assume(sum(_truth(item.get("primary")) for item in held) < 2)
    resource = validate({"schemas": [PROVEN.schema.urn], "userName": "a", "emails": held}, PROVEN)
    path, after = parse_path(change["path"], PROVEN), ours(resource, change)
    if after == REFUSED:
        assert _truth(value.get("primary"))
        assert len(_selected(path, resource)) > 1
        return
    new = {**(path.eq_terms() or {}), **value}
    expected = [new if path.selects(item) else item for item in _held(path, resource)]

    found = _held(path, after)
    assert canonical(_but_primary(expected)) == canonical(_but_primary(found))
    assert sum(_truth(item.get("primary")) for item in found) <= 1
    assert not _truth(new.get("primary")) or any(_truth(item.get("primary")) for item in found)


def _but_primary(items: list[Any]) -> list[Any]:
    return [{key: part for key, part in item.items() if key != "primary"} for item in items]
