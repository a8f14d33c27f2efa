"""PATCH of multi-valued attributes: adding, selecting, replacing and removing elements (RFC 7644 §3.5.2).

Elements that an operation does not touch keep their identity as objects, which tells what is new without
comparing.
"""

import operator

from muster.scim.dialects import LISTED_REMOVAL
from muster.scim.errors import InvalidValue, NoTarget
from muster.scim.normalise import check_primary, is_primary, merged_elements
from muster.scim.patch_request import Verb
from muster.scim.patch_values import Edit, changed_part, check_held, is_complex
from muster.scim.schema import Attribute, Mutability
from muster.scim.values import JsonValue, Resource, elements


def changed_elements(old: JsonValue, edit: Edit) -> JsonValue:
    """Return the new elements of the attribute the edit names, or ``None`` when none are left.

    Raises:
        NoTarget: The filter selects nothing and describes nothing to create.
        InvalidValue: A value does not fit.
        Mutability: An immutable part would change.
    """
    before = elements(old)
    if edit.path.filter is not None or edit.path.sub is not None:
        after = _changed_selection(before, edit)
    elif edit.verb is Verb.REMOVE:
        after = [] if edit.value is None else _without_listed(before, edit)
    else:
        after = _added(before if edit.verb is Verb.ADD else [], edit)
    if isinstance(old, list) and _same(before, after):
        return old
    known = set(map(id, before))
    fresh = [item for item in after if id(item) not in known]
    for item in fresh:
        if isinstance(item, dict):
            check_held(edit.attribute(), {}, item, str(edit.path))
    return _with_one_primary(after, fresh) or None


def _added(before: list[JsonValue], edit: Edit) -> list[JsonValue]:
    if is_complex(edit.attribute()):
        for item in edit.listed():
            edit.taken(item)
    return merged_elements(edit.attribute(), before, elements(edit.normal()))


def _changed_selection(before: list[JsonValue], edit: Edit) -> list[JsonValue]:
    if not any(map(edit.path.selects, before)):
        return before if edit.verb is Verb.REMOVE else [*before, *_created(edit)]
    change = _removed if edit.verb is Verb.REMOVE else _replaced
    after = [(change(item, edit), True) if edit.path.selects(item) else (item, False) for item in before]
    if edit.path.sub is None or edit.path.sub.name == "primary":
        check_primary((item for item, touched in after if touched), str(edit.path))
    return [item for item, _ in after if item is not None]


def _created(edit: Edit) -> list[JsonValue]:
    """Return the element that the filter describes, with the new value in it; none for no value."""
    at = str(edit.path)
    described: Resource | None = {}
    if edit.path.filter is not None:
        described = edit.path.eq_terms() if edit.creates else None
    if described is None:
        raise NoTarget("the filter selects nothing", path=at)
    if edit.value is None:
        return []
    value = _object(edit) if edit.path.sub is None else {edit.path.sub.name: edit.value}
    return [edit.taken({**described, **value})]


def _replaced(item: JsonValue, edit: Edit) -> JsonValue:
    """Return the element after add or replace.

    A replaced element keeps what its filter says about it unless the new value says otherwise, and what
    cannot change.
    """
    attribute, at = edit.attribute(), str(edit.path)
    if not is_complex(attribute) or not isinstance(item, dict):
        return _scalar(edit)
    if edit.path.sub is not None:
        return changed_part(item, edit.path.sub, edit) or None
    if edit.value is None:
        return None
    value = _object(edit)
    new = edit.taken(value) or {}
    base = item if edit.verb is Verb.ADD else _fixed(attribute, item) | (edit.path.eq_terms() or {})
    gone = edit.cleared(value)
    changed: Resource = {name: part for name, part in base.items() if name not in gone} | new
    check_held(attribute, item, changed, at)
    return item if changed == item else changed or None


def _removed(item: JsonValue, edit: Edit) -> JsonValue:
    if edit.path.sub is None or not isinstance(item, dict):
        return None
    return changed_part(item, edit.path.sub, edit) or None


def _without_listed(before: list[JsonValue], edit: Edit) -> list[JsonValue]:
    """Return the elements without those the value lists."""
    attribute, at = edit.attribute(), str(edit.path)
    if not edit.dialect.takes(LISTED_REMOVAL):
        raise InvalidValue("remove takes no value here; name what goes by a filter", path=at)
    if not edit.listed():
        raise InvalidValue("an empty list removes nothing; leave the value out to remove all", path=at)
    if not is_complex(attribute):
        gone = {_folded(attribute, item) for item in elements(edit.normal())}
        return [item for item in before if _folded(attribute, item) not in gone]
    listed = [_known(edit, item) for item in edit.listed()]
    by_value = _fixed_value(attribute)
    if by_value is not None and all("value" in item for item in listed):
        values = {_folded(by_value, item["value"]) for item in listed}
        return [item for item in before if _folded(by_value, _part(item, "value")) not in values]
    return [item for item in before if not any(_says(attribute, item, wanted) for wanted in listed)]


def _known(edit: Edit, item: JsonValue) -> Resource:
    found = edit.taken(item)
    if found is None:
        raise InvalidValue("this element selects nothing", path=str(edit.path))
    return found


def _says(attribute: Attribute, element: JsonValue, wanted: Resource) -> bool:
    """Tell whether the element has the wanted parts; ``value`` and ``type`` suffice when there is a value."""
    names = [name for name in ("value", "type") if name in wanted] if "value" in wanted else list(wanted)
    subs = [sub for name in names if (sub := attribute.sub(name)) is not None]
    return all(_folded(sub, _part(element, sub.name)) == _folded(sub, wanted[sub.name]) for sub in subs)


def _folded(attribute: Attribute, value: JsonValue) -> tuple[str, str]:
    """Return what values of the attribute are compared by."""
    if isinstance(value, str):
        return ("text", value if attribute.case_exact else value.casefold())
    return ("other", repr(value))


def _part(element: JsonValue, name: str) -> JsonValue:
    return element.get(name) if isinstance(element, dict) else None


def _fixed(attribute: Attribute, item: Resource) -> Resource:
    fixed = (sub.name for sub in attribute.sub_attributes if sub.mutability is Mutability.IMMUTABLE)
    return {name: item[name] for name in fixed if name in item}


def _fixed_value(attribute: Attribute) -> Attribute | None:
    """Return the ``value`` sub-attribute where it alone identifies an element, as in ``members``."""
    sub = attribute.sub("value")
    return sub if sub is not None and sub.mutability is Mutability.IMMUTABLE else None


def _object(edit: Edit) -> Resource:
    """Return the value as one object; a list of one is accepted."""
    listed = edit.listed()
    if len(listed) != 1 or not isinstance(listed[0], dict):
        raise InvalidValue("one object is needed", path=str(edit.path))
    return listed[0]


def _scalar(edit: Edit) -> JsonValue:
    found = elements(edit.normal())
    if len(found) != 1:
        raise InvalidValue("one value is needed", path=str(edit.path))
    return found[0]


def _with_one_primary(after: list[JsonValue], fresh: list[JsonValue]) -> list[JsonValue]:
    """Return the elements with ``primary`` handed over to the one that has just become primary."""
    chosen = next((item for item in fresh if is_primary(item)), None)
    if chosen is None:
        return after
    return [_demoted(item) if is_primary(item) and item is not chosen else item for item in after]


def _demoted(item: JsonValue) -> JsonValue:
    return {**item, "primary": False} if isinstance(item, dict) else item


def _same(before: list[JsonValue], after: list[JsonValue]) -> bool:
    return len(before) == len(after) and all(map(operator.is_, before, after))
