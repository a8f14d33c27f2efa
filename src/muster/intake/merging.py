"""How a known person looks after a file spoke, and what that changes, attribute by attribute."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, cast

from muster.intake.people import PERSON, PeopleFile, PersonRow
from muster.model import Identity
from muster.model.text import normalised
from muster.scim import JsonValue, Path, Resource, open_path, parse_path, read, write
from muster.scim.errors import InvalidPath
from muster.scim.schema import Mutability, ResourceType
from muster.scim.validate import keep_immutable
from muster.scim.values import elements

_HELD: Final = frozenset({Mutability.IMMUTABLE, Mutability.READ_ONLY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that changes; None is not set. ``path`` is a SCIM path, extensions by their short names."""

    path: str
    before: object
    after: object


def merged(person: Identity, row: PersonRow, file: PeopleFile) -> PersonRow:
    """The row with everything the file does not speak of taken from the person."""
    known = _attributes(person)
    attributes = row.attributes
    if file.paths is not None and attributes != known:
        attributes = cast("Mapping[str, object]", _laid_over(known, cast("Resource", attributes), file.paths))
    return replace(
        row,
        external_id=row.external_id or person.external_id,
        attributes=attributes,
        groups=_spelled(row.groups, person.groups) if file.says_groups else person.groups,
    )


def held(person: Identity, row: PersonRow, type: ResourceType) -> PersonRow:
    """The row with what was set for good, also where the file does not state it.

    Raises:
        Mutability: the file states another value than the one that was set for good.
    """
    attributes = dict(cast("Resource", row.attributes))
    keep_immutable(attributes, _attributes(person), type)
    return replace(row, attributes=attributes)


def holds_anything(type: ResourceType) -> bool:
    """Whether people of this type have attributes that a file may not change."""
    attributes = (attribute for item in type.extensions for attribute in item.schema.attributes)
    return any(attribute.mutability in _HELD for attribute in attributes)


def _spelled(stated: frozenset[str], known: frozenset[str]) -> frozenset[str]:
    """The groups as stated; one the person is in already keeps its spelling, whatever the row's."""
    if stated <= known:
        return stated
    names = {normalised(name): name for name in known}
    return frozenset(names.get(normalised(name), name) for name in stated)


def differences(person: Identity, row: PersonRow) -> tuple[Difference, ...]:
    """What turns the person into the row, by path."""
    known = _attributes(person)
    found: list[Difference] = []
    if person.external_id != row.external_id:
        found.append(Difference(path="externalId", before=person.external_id, after=row.external_id))
    if known != row.attributes:
        before, after = dict(_flat(known)), dict(_flat(cast("Resource", row.attributes)))
        found.extend(
            Difference(path=path, before=before.get(path), after=after.get(path))
            for path in {**before, **after}
            if before.get(path) != after.get(path)
        )
    if person.groups != row.groups:
        groups, now = tuple(sorted(person.groups)), tuple(sorted(row.groups))
        found.append(Difference(path="groups", before=groups, after=now))
    return tuple(found)


def _attributes(person: Identity) -> Resource:
    """The person's attributes as a row would state them."""
    stated = cast("Resource", {**person.attributes, "userName": person.user_name})
    stated.pop("schemas", None)
    return stated


def _laid_over(known: Resource, stated: Resource, paths: tuple[str, ...]) -> Resource:
    result = known
    for text in paths:
        path = _path(text)
        result = write(result, path, read(stated, path))
    result = {name: value for name, value in result.items() if name != "schemas"}
    if "emails" in result:
        result["emails"] = _one_primary(elements(result["emails"]))
    return result


@lru_cache(maxsize=1_000)
def _path(text: str) -> Path:
    try:
        return parse_path(text, PERSON)
    except InvalidPath:
        return open_path(text, PERSON)  # of a schema of the operator's own, by which the file was read


def _one_primary(emails: list[JsonValue]) -> list[JsonValue]:
    """The addresses with one primary at most (RFC 7643 §2.4): the work address a file states wins."""
    primary = [email for email in emails if isinstance(email, dict) and email.get("primary") is True]
    if len(primary) <= 1:
        return emails
    kept = next((email for email in primary if email.get("type") == "work"), primary[0])
    return [
        {name: value for name, value in email.items() if name != "primary"}
        if isinstance(email, dict) and email is not kept
        else email
        for email in emails
    ]


def _flat(attributes: Resource) -> Iterator[tuple[str, JsonValue]]:
    for name, value in attributes.items():
        if ":" in name and isinstance(value, dict):
            known = PERSON.extension(name) is not None
            for inner, part in value.items():
                yield from _leaves(inner if known else f"{name}:{inner}", part)
        else:
            yield from _leaves(name, value)


def _leaves(at: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """The values below one attribute, with the paths that lead to them."""
    match value:
        case dict():
            for name, part in value.items():
                yield (at if name == "value" else f"{at}.{name}"), part
        case list():
            kinds = [element.get("type") for element in value if isinstance(element, dict)]
            for index, element in enumerate(value):
                yield from _element(at, index, element, kinds)
        case _:
            yield at, value


def _element(
    at: str, index: int, element: JsonValue, kinds: list[JsonValue]
) -> Iterator[tuple[str, JsonValue]]:
    if not isinstance(element, dict):
        yield f"{at}[{index}]", element
        return
    kind = element.get("type")
    if not isinstance(kind, str) or kinds.count(kind) > 1:
        for name, part in element.items():
            yield f"{at}[{index}].{name}", part
        return
    for name, part in element.items():
        if name != "type":
            yield f'{at}[type eq "{kind}"].{name}', part
