"""The state of a fake application: accounts and groups, unique values, versions, members.

It knows nothing of connectors and needs no clock, no randomness and no network; ids come from a counter.
``muster.kit.memory`` has the connector to it.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from muster.kit.contract import EXTERNAL_ID, Power
from muster.kit.manifest import AttributeManifest, AttributeType, Case, KindManifest, Manifest, Mutable, load
from muster.model import (
    ACCOUNT,
    GROUP,
    Attributes,
    Conflict,
    Gone,
    Invalid,
    Kind,
    RemoteId,
    RemoteObject,
    Unsupported,
    Value,
)

MANIFEST = load("""
id: memory
name: Application in memory (a fake)
kinds:
  account:
    anchor: id
    attributes:
      userName: {case: ignore, required: true}
      displayName: {}
      email: {case: ignore}
      title: {}
      department: {}
      locale: {mutable: once}
      level: {type: number}
      guest: {type: flag}
      tags: {type: list}
    match_on: [userName]
    mapping:
      userName: userName
      displayName: displayName
      email: emails[type eq "work"].value
      title: title
      department: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department
    unique: [userName]
  group:
    anchor: id
    attributes: {displayName: {required: true}}
    match_on: [displayName]
    mapping: {displayName: displayName}
    unique: [displayName]
powers: [disable, members]
""")

TYPES: Final[Mapping[AttributeType, frozenset[type]]] = {
    AttributeType.TEXT: frozenset({str}),
    AttributeType.FLAG: frozenset({bool}),
    AttributeType.NUMBER: frozenset({int, float}),
    AttributeType.LIST: frozenset({tuple}),
}
Entry: TypeAlias = tuple[Kind, str, str]  # kind, attribute, value as compared
Latency: TypeAlias = Callable[[str], Awaitable[None]]  # awaited with the call's name before anything happens


@dataclass(slots=True)
class MemoryTarget:
    """The state of a fake application. Objects are replaced, never changed: what was answered stays so."""

    manifest: Manifest = MANIFEST
    disables: bool = True
    holds_members: bool = True
    external_ids: bool = True
    versions: bool = True
    limit: int = 1000  # the most objects or members on one page, whatever is asked for
    latency: Latency | None = None
    accounts: dict[RemoteId, RemoteObject] = field(default_factory=dict[RemoteId, RemoteObject])
    groups: dict[RemoteId, RemoteObject] = field(default_factory=dict[RemoteId, RemoteObject])
    members: dict[RemoteId, set[RemoteId]] = field(default_factory=dict[RemoteId, set[RemoteId]])
    calls: Counter[str] = field(default_factory=Counter[str])
    _numbers: dict[Kind, list[int]] = field(default_factory=dict[Kind, list[int]])  # ever given, ascending
    _index: dict[Entry, dict[RemoteId, None]] = field(default_factory=dict[Entry, dict[RemoteId, None]])
    _last_number: int = 0
    _last_version: int = 0

    def offered(self) -> Manifest:
        """Give the manifest cut to what the switches leave."""
        powers = set(self.manifest.powers)
        if not self.disables:
            powers.discard(Power.DISABLE)
        if not self.holds_members:
            powers.discard(Power.MEMBERS)
        kinds = {
            name: replace(kind, external_id=kind.external_id and self.external_ids)
            for name, kind in self.manifest.kinds.items()
        }
        return replace(self.manifest, powers=frozenset(powers), kinds=kinds)

    def objects(self, kind: Kind) -> dict[RemoteId, RemoteObject]:
        """Give all objects of a kind by id."""
        if kind == ACCOUNT:
            return self.accounts
        if kind == GROUP and GROUP in self.manifest.kinds:
            return self.groups
        raise Unsupported(f"there is no kind {kind} here")

    def put(self, kind: Kind, attributes: Attributes, external_id: str | None = None) -> RemoteObject:
        """Make an object exist, as its creation does.

        Raises:
            Conflict: a unique value is taken.
            Invalid: an attribute is missing, unknown, or of another type.
        """
        held = {name: value for name, value in attributes.items() if value is not None}
        for name, attribute in self.kind(kind).attributes.items():
            if attribute.required and name not in held:
                raise Invalid(f"{name} is required", status=400)
        self._check(kind, held, None)
        self._last_number += 1
        self._numbers.setdefault(kind, []).append(self._last_number)
        made = RemoteId(f"{kind[0]}{self._last_number}")
        if kind == GROUP:
            self.members[made] = set()
        kept = RemoteObject(
            kind=kind,
            id=made,
            attributes=held,
            active=True if self.disables and kind == ACCOUNT else None,
            external_id=external_id if self.external_ids else None,
            etag=self._version(),
        )
        self._remember(kept)
        self.objects(kind)[made] = kept
        return kept

    def change(self, seen: RemoteObject, changes: Attributes) -> RemoteObject:
        """Make the object hold the changes and keep the rest; None clears. Errors as ``put``; ``Gone``."""
        now = self.object(seen.kind, seen.id)
        changed = {name: value for name, value in changes.items() if now.attributes.get(name) != value}
        if not changed:
            return now
        self._check(now.kind, changed, now)
        held = {name: value for name, value in {**now.attributes, **changed}.items() if value is not None}
        kept = self._next(now, held, now.active)
        if not changed.keys().isdisjoint(self.kind(now.kind).unique):
            self._forget(now)
            self._remember(kept)
        self.objects(now.kind)[now.id] = kept
        return kept

    def switch(self, seen: RemoteObject, active: bool) -> RemoteObject:
        """Make the account usable or not."""
        now = self.object(seen.kind, seen.id)
        if now.active is None:
            raise Unsupported(f"a {now.kind} cannot be taken out of use here")
        if now.active == active:
            return now
        kept = self._next(now, now.attributes, active)
        self.objects(now.kind)[now.id] = kept
        return kept

    def drop(self, kind: Kind, id: RemoteId) -> None:
        """Make the object be no more, and no member of anything; one gone already is fine."""
        dropped = self.objects(kind).pop(id, None)
        if dropped is not None:
            self._forget(dropped)
        self.members.pop(id, None)
        for members in self.members.values():
            members.discard(id)

    def object(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Give an object as it is now.

        Raises:
            Gone: there is none.
        """
        found = self.objects(kind).get(id)
        if found is None:
            raise Gone(f"there is no {kind} with this id", status=404)
        return found

    def holding(self, kind: Kind, attribute: str, value: str) -> list[RemoteObject]:
        """Give the objects whose attribute is the value, oldest first."""
        declared = self.kind(kind)
        objects = self.objects(kind)
        ignored = _ignores_case(declared, attribute)
        folded = value.casefold() if ignored else value
        candidates: Iterable[RemoteObject] = objects.values()
        if attribute == EXTERNAL_ID or attribute in declared.unique:
            ids = self._index.get((kind, attribute, folded), ())
            candidates = [objects[each] for each in sorted(ids, key=number_of) if each in objects]
        return [each for each in candidates if _folded(held(each, attribute), ignored) == folded]

    def after(self, kind: Kind, number: int) -> Iterator[tuple[int, RemoteObject]]:
        """Give the objects made after the numbered one, oldest first, with their numbers."""
        objects = self.objects(kind)
        numbers = self._numbers.get(kind, [])
        for index in range(bisect_right(numbers, number), len(numbers)):
            found = objects.get(RemoteId(f"{kind[0]}{numbers[index]}"))
            if found is not None:
                yield numbers[index], found

    def kind(self, kind: Kind) -> KindManifest:
        """Give what the manifest says about a kind."""
        declared = self.manifest.kinds.get(kind)
        if declared is None:
            raise Unsupported(f"there is no kind {kind} here")
        return declared

    def _next(self, now: RemoteObject, attributes: Attributes, active: bool | None) -> RemoteObject:
        return RemoteObject(  # spelled out: dataclasses.replace takes twice the time
            kind=now.kind,
            id=now.id,
            attributes=attributes,
            active=active,
            external_id=now.external_id,
            etag=self._version(),
        )

    def _version(self) -> str | None:
        if not self.versions:
            return None
        self._last_version += 1
        return f'W/"{self._last_version}"'

    def _remember(self, kept: RemoteObject) -> None:
        for entry in self._entries(kept):
            self._index.setdefault(entry, {})[kept.id] = None

    def _forget(self, kept: RemoteObject) -> None:
        for entry in self._entries(kept):
            ids = self._index.get(entry, {})
            ids.pop(kept.id, None)
            if not ids:
                self._index.pop(entry, None)

    def _entries(self, kept: RemoteObject) -> Iterator[Entry]:
        if kept.external_id is not None:
            yield kept.kind, EXTERNAL_ID, kept.external_id
        declared = self.kind(kept.kind)
        for name in declared.unique:
            value = kept.attributes.get(name)
            if isinstance(value, str):
                yield kept.kind, name, value.casefold() if _ignores_case(declared, name) else value

    def _check(self, kind: Kind, changed: Attributes, now: RemoteObject | None) -> None:
        declared = self.kind(kind)
        for name, value in changed.items():
            _check_value(name, value, declared.attributes.get(name), creating=now is None)
        for name in declared.unique:
            value = changed.get(name)
            others = self.holding(kind, name, value) if isinstance(value, str) else ()
            if any(now is None or each.id != now.id for each in others):
                raise Conflict(f"{name} is taken", status=409)


def held(each: RemoteObject, attribute: str) -> Value:
    """Give what an object holds under a name, our own id included."""
    return each.external_id if attribute == EXTERNAL_ID else each.attributes.get(attribute)


def number_of(id: RemoteId) -> int:
    """Give the number in an id: the later an object was made, the higher."""
    return int(id[1:])


def _check_value(name: str, value: Value, declared: AttributeManifest | None, *, creating: bool) -> None:
    if declared is None:
        raise Invalid(f"there is no attribute {name} here", status=400)
    if declared.mutable is Mutable.NEVER or (declared.mutable is Mutable.ONCE and not creating):
        raise Invalid(f"{name} cannot be changed", status=400)
    if declared.required and value in (None, ""):
        raise Invalid(f"{name} is required", status=400)
    if value is not None and type(value) not in TYPES[declared.type]:
        raise Invalid(f"{name} must be a {declared.type}", status=400)


def _ignores_case(declared: KindManifest, attribute: str) -> bool:
    known = declared.attributes.get(attribute)
    return known is not None and known.case is Case.IGNORE


def _folded(value: Value, ignored: bool) -> Value:
    return value.casefold() if ignored and isinstance(value, str) else value
