"""The people of a JSON file: SCIM Users (RFC 7643 §4.1) whose ``groups`` are names."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Final, cast

from muster.intake.columns import known_names
from muster.intake.json_scan import Item
from muster.intake.outline import Outline, outlined, slots_in, slotted, tells_all
from muster.intake.people import LIFECYCLE_URN, PERSON, PersonRow, RowCode, RowProblem
from muster.intake.shape import Shape, shaped
from muster.intake.values import (
    LONGEST,
    Flaw,
    cleaned,
    flaw_in,
    is_date,
    is_plain,
    no_user_name,
    not_a_date,
    not_a_truth,
    problems_of,
)
from muster.intake.yaml_text import nearest
from muster.scim import Attribute, JsonValue, Resource, ResourceType, Schema, ScimError, validate
from muster.scim.values import as_boolean, elements

DEEPEST: Final = 8  # levels; a SCIM User has four
_MOST_PATTERNS: Final = 10_000  # real files have a handful
_BESIDE: Final = frozenset({"active", "externalid", "groups"})  # read here, not by the schema
_UNHEARD: Final = frozenset({"id", "meta", "schemas"})  # an exported person has them; not ours to take


def json_people(
    stated: Iterable[Item], person: ResourceType = PERSON
) -> Iterator[PersonRow | tuple[RowProblem, ...]]:
    """The people of a JSON file, such people, or why they were not taken, as they are asked for."""
    patterns = _Patterns(person)
    return (_read(item, patterns) for item in stated)


def says_groups(stated: Iterable[Item]) -> bool:
    """Whether the file speaks of groups at all; where it does, a person without any is in none."""
    return any("groups" in map(str.lower, item.value) for item in stated if isinstance(item.value, dict))


class _Patterns:
    """What the schemas make of people, remembered by their pattern."""

    def __init__(self, type: ResourceType) -> None:
        self.type = type
        self._shapes: dict[Outline, Shape | None] = {}

    def person(self, stated: Resource) -> Resource | None:
        """The person in the schema's spelling; None where the pattern does not tell, or tells of a flaw."""
        texts: list[str] = []
        outline = outlined(stated, texts)
        if outline not in self._shapes:
            if len(self._shapes) >= _MOST_PATTERNS:
                self._shapes.clear()
            self._shapes[outline] = _shape(outline, self.type)
        shape = self._shapes[outline]
        return None if shape is None else shape(texts)


def _shape(outline: Outline, type: ResourceType) -> Shape | None:
    if not tells_all(outline):
        return None
    pattern = cast("Resource", slotted(outline, count()))
    if any(_unknown_in(name, value, type) for name, value in pattern.items()):
        return None
    try:
        person = validate({**pattern, "schemas": [type.schema.urn]}, type)
    except ScimError:
        return None
    del person["schemas"]
    return shaped(person) if sorted(slots_in(person)) == slots_in(pattern) else None


def _read(item: Item, patterns: _Patterns) -> PersonRow | tuple[RowProblem, ...]:
    flaws: list[Flaw] = []
    if not isinstance(item.value, dict):
        flaw = Flaw("", RowCode.INVALID, "a person is an object in braces")
        return problems_of([flaw], line=item.line, user_name=None, external_id=None)
    tidy = _is_tidy(item.value)
    stated = dict(item.value) if tidy else cast("Resource", _clean(item.value, "", flaws, 0))
    beside = _taken_out(stated, flaws)
    external_id = _external_id(beside.get("externalid"), flaws)
    active = _active(beside.get("active"), flaws)
    groups = _groups(beside.get("groups"), flaws)
    person = _person(stated, flaws, patterns)
    user_name = _user_name(person, stated, flaws)
    if flaws:
        return problems_of(flaws, line=item.line, user_name=user_name, external_id=external_id)
    return PersonRow(
        line=item.line,
        user_name=user_name or "",
        external_id=external_id,
        active=active,
        attributes=cast("Mapping[str, object]", {**person, "userName": user_name}),
        groups=groups,
    )


def _is_tidy(value: JsonValue, depth: int = 0) -> bool:
    """Whether no text in the value can need cleaning, as hardly any does."""
    match value:
        case str():
            return len(value) <= LONGEST and value.isprintable() and (value.isascii() or is_plain(value))
        case dict():
            return depth <= DEEPEST and all(_is_tidy(part, depth + 1) for part in value.values())
        case list():
            return depth <= DEEPEST and all(_is_tidy(part, depth + 1) for part in value)
        case _:
            return True


def _clean(value: JsonValue, at: str, flaws: list[Flaw], depth: int) -> JsonValue:
    """The value with every text in normal form C; texts nobody can keep are left out and named."""
    if depth > DEEPEST:
        flaws.append(Flaw(at, RowCode.INVALID, "the value nests too deeply"))
        return None
    match value:
        case str():
            return _clean_text(value, at, flaws)
        case dict():
            return {
                name: _clean(part, f"{at}.{name[:80]}" if at else name[:80], flaws, depth + 1)
                for name, part in value.items()
            }
        case list():
            return [_clean(part, f"{at}[{index}]", flaws, depth + 1) for index, part in enumerate(value)]
        case _:
            return value


def _clean_text(value: str, at: str, flaws: list[Flaw]) -> str | None:
    text = value if value.isascii() else cleaned(value)
    flaw = flaw_in(text, at, one_line=at.lower() in {"username", "externalid"} or at.startswith("groups"))
    if flaw is not None:
        flaws.append(flaw)
        return None
    return text


def _taken_out(stated: Resource, flaws: list[Flaw]) -> Resource:
    """What stands beside the attributes, by lower-case name, taken out of them."""
    found: Resource = {}
    for name in tuple(stated):
        folded = name.lower()
        if folded in _BESIDE:
            if folded in found:
                flaws.append(Flaw(name, RowCode.INVALID, "the attribute is given twice"))
            found[folded] = stated.pop(name)
        elif folded in _UNHEARD:
            del stated[name]
    return found


def _unknown_in(name: str, value: JsonValue, type: ResourceType) -> list[Flaw]:
    """What is stated under one name of a person and no schema knows."""
    extension = type.extension(name)
    if extension is not None:
        members = value.items() if isinstance(value, dict) else ()
        return [
            flaw
            for inner, part in members
            for flaw in _unknown_below(f"{extension.urn}:{inner}", inner, extension, part, type)
        ]
    attribute = type.attribute(name)
    if attribute is not None:
        return list(_unknown_subs(name, attribute, value, type))
    schema = type.extended(name)
    if schema is None:
        return [_unknown(name, name, type)]
    return list(_unknown_below(name, name, schema, value, type))


def _unknown_below(
    at: str, name: str, schema: Schema, value: JsonValue, type: ResourceType
) -> Iterator[Flaw]:
    attribute = schema.attribute(name)
    if attribute is None:
        yield _unknown(at, name, type)
    else:
        yield from _unknown_subs(at, attribute, value, type)


def _unknown_subs(at: str, attribute: Attribute, value: JsonValue, type: ResourceType) -> Iterator[Flaw]:
    if not attribute.sub_attributes:
        return
    for element in elements(value):
        for name in element if isinstance(element, dict) else ():
            if attribute.sub(name) is None:
                yield _unknown(f"{at}.{name[:80]}", f"{attribute.name}.{name[:80]}", type)


def _unknown(at: str, name: str, type: ResourceType) -> Flaw:
    near = nearest(name[:80], known_names(type))
    hint = f"; did you mean {' or '.join(near)}?" if near else "; leave it out"
    return Flaw(at[:160], RowCode.UNKNOWN, f"no attribute of a person has this name{hint}")


def _external_id(value: JsonValue, flaws: list[Flaw]) -> str | None:
    if value is None or isinstance(value, str):
        return value if value and value.strip() else None
    flaws.append(Flaw("externalId", RowCode.INVALID, "it must be a text: put it in quotes"))
    return None


def _active(value: JsonValue, flaws: list[Flaw]) -> bool:
    """Whether the person is active: by being in the file, unless the file says otherwise."""
    truth = True if value is None else as_boolean(value)
    if truth is None:
        flaws.append(not_a_truth(str(value), "active"))
    return truth is not False


def _groups(value: JsonValue, flaws: list[Flaw]) -> frozenset[str]:
    """The names of the groups, given as texts or as SCIM shows them, with ``display``."""
    found: set[str] = set()
    for element in elements(value):
        name = element.get("display") if isinstance(element, dict) else element
        if isinstance(name, str) and name.strip():
            found.add(name.strip())
        elif not any(flaw.column.startswith("groups") for flaw in flaws):
            flaws.append(Flaw("groups", RowCode.INVALID, 'they must be a list of names, as ["Design Team"]'))
    return frozenset(found)


def _person(stated: Resource, flaws: list[Flaw], patterns: _Patterns) -> Resource:
    """The attributes in the schema's spelling, e-mail addresses trimmed."""
    person = patterns.person(stated)
    if person is None:
        person = _checked(stated, flaws, patterns.type)
    for email in elements(person.get("emails")):
        if isinstance(email, dict) and isinstance(text := email.get("value"), str):
            email["value"] = text.strip()
    lifecycle = person.get(LIFECYCLE_URN)
    start = lifecycle.get("startDate") if isinstance(lifecycle, dict) else None
    if isinstance(start, str) and not is_date(start):
        flaws.append(not_a_date(start, "startDate"))
    return person


def _checked(stated: Resource, flaws: list[Flaw], type: ResourceType) -> Resource:
    """The person in the schema's spelling, looked at one by one; nothing where there is a flaw."""
    found = [flaw for name, value in stated.items() for flaw in _unknown_in(name, value, type)]
    flaws.extend(found)
    if len(flaws) > len(found) or not _named(stated):
        return {}
    try:
        person = validate({**stated, "schemas": [type.schema.urn]}, type)
    except ScimError as error:
        flaws.append(Flaw(error.path or "", RowCode.INVALID, error.detail))
        return {}
    del person["schemas"]
    return person


def _named(stated: Resource) -> str | None:
    names = [value for name, value in stated.items() if name.lower() == "username"]
    return names[0].strip() or None if len(names) == 1 and isinstance(names[0], str) else None


def _user_name(person: Resource, stated: Resource, flaws: list[Flaw]) -> str | None:
    name = _named({"userName": person["userName"]} if "userName" in person else stated)
    if name is None and not any(flaw.column.lower() == "username" for flaw in flaws):
        flaws.append(no_user_name("userName"))
    return name
