"""A connector on trial: what a check is given, and how it says what is wrong."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias, TypeVar

from muster.kit.contract import Connector, Cursor, Disables, HoldsMembers, New, Page, Power
from muster.kit.manifest import (
    AttributeManifest,
    AttributeType,
    Describes,
    KindManifest,
    Manifest,
    Mutable,
)
from muster.model import (
    ACCOUNT,
    Attributes,
    Gone,
    Kind,
    OperationId,
    RemoteId,
    RemoteObject,
    TargetError,
    Value,
)

PROTOCOLS: Final[Mapping[Power, type]] = {Power.DISABLE: Disables, Power.MEMBERS: HoldsMembers}
MOST_PAGES: Final = 5000  # a read that takes more in a check has no end

Raised = TypeVar("Raised", bound=TargetError)


class Violated(AssertionError):
    """The connector does not keep its contract; the text says which promise."""


class NotApplicable(Exception):
    """The manifest offers nothing this check could be made on."""


class Sample(Protocol):
    """How a connector's author says what acceptable attributes look like."""

    def __call__(self, kind: Kind, token: str) -> Attributes:
        """Give a whole set of attributes; another token gives another value for every attribute of text."""
        ...


@dataclass(slots=True, kw_only=True)
class Trial:
    """One check's view of a connector; what it makes in the target is remembered and removed by ``clean``."""

    connector: Connector
    manifest: Manifest
    sample: Sample
    mark: str  # stands in every name made, so that trials in one target do not meet
    starts_empty: bool = False
    secrets: Sequence[str] = ()
    stranger: Connector | None = None  # the same target with a credential it does not accept
    _made: list[RemoteObject] = field(default_factory=list[RemoteObject])
    _count: int = 0

    def kind(self, kind: Kind = ACCOUNT) -> KindManifest:
        """Give what the manifest says about a kind."""
        return self.manifest.kinds[kind]

    def token(self) -> str:
        """Give a word not given before."""
        self._count += 1
        return f"{self.mark}n{self._count:03}"  # one width: none is the beginning of another

    def operation(self) -> OperationId:
        """Give an operation id not given before."""
        return OperationId(f"operation-{self.token()}")

    def new(self, kind: Kind = ACCOUNT, changes: Attributes | None = None) -> New:
        """Give an object to create, unlike all before, with these attributes changed; None leaves one out."""
        token = self.token()
        wanted = {**self.sample(kind, token), **(changes or {})}
        held = {name: value for name, value in wanted.items() if value is not None}
        return New(kind=kind, external_id=f"x-{token}", attributes=held)

    async def make(self, kind: Kind = ACCOUNT, changes: Attributes | None = None) -> RemoteObject:
        """Create an object and remember to remove it."""
        return await self.create(self.new(kind, changes))

    async def create(self, new: New) -> RemoteObject:
        """Create this object and remember to remove it."""
        made = await self.connector.create(new, self.operation())
        self._made.append(made)
        return made

    async def clean(self) -> None:
        """Remove what was made; a target that refuses keeps it, and names never meet anyway."""
        for made in reversed(self._made):
            with suppress(TargetError):
                await self.connector.delete(await self.connector.get(made.kind, made.id), self.operation())

    def plain(self, count: int = 1) -> Sequence[str]:
        """Give text attributes that may be changed and cleared at will.

        Raises:
            NotApplicable: there are not that many.
        """
        kind = self.kind()
        found = [name for name, each in kind.attributes.items() if _is_plain(kind, name, each)]
        if len(found) < count:
            raise NotApplicable(f"fewer than {count} text attributes may be changed at will")
        return found[:count]

    def names(self, kind: Kind = ACCOUNT, *, changeable: bool = False) -> Sequence[str]:
        """Give the text attributes no two objects share.

        Raises:
            NotApplicable: there is none.
        """
        declared = self.kind(kind)
        found = [
            name
            for name in declared.unique
            if declared.attributes[name].type is AttributeType.TEXT
            and (not changeable or declared.attributes[name].mutable is Mutable.ALWAYS)
        ]
        if not found:
            raise NotApplicable("no unique attribute of text" + (" may be changed" if changeable else ""))
        return found

    def other_value(self, name: str, kind: Kind = ACCOUNT) -> str:
        """Give an acceptable text for an attribute, unlike all before."""
        value = self.sample(kind, self.token())[name]
        if not isinstance(value, str):
            raise NotApplicable(f"the sample has no text for {name}")
        return value

    def same(self, kind: Kind, expected: Attributes, shown: Attributes) -> bool:
        """Say whether every expected value is shown, as the manifest understands sameness."""
        return not self.differing(kind, expected, shown)

    def differing(self, kind: Kind, expected: Attributes, shown: Attributes) -> Sequence[str]:
        """Give the names whose expected value is not shown."""
        attributes = self.kind(kind).attributes
        return [
            name
            for name, value in expected.items()
            if not attributes[name].same(value, _set(shown.get(name)))
        ]

    async def everything(self, kind: Kind = ACCOUNT, limit: int = 50) -> Sequence[Page]:
        """Read to the end and give the pages."""
        pages: list[Page] = []
        after: Cursor | None = None
        while True:
            page = await self.connector.read(kind, after, limit)
            pages.append(page)
            if page.next is None:
                return pages
            holds(len(pages) < MOST_PAGES, f"a read ends: this one went on after {MOST_PAGES} pages")
            holds(page.next != after, "a read goes on: this one gave the cursor it was given")
            after = page.next

    async def ids(self, kind: Kind = ACCOUNT, limit: int = 50) -> Sequence[RemoteId]:
        """Read to the end and give the ids in the order they came."""
        return [each.id for page in await self.everything(kind, limit) for each in page.items]


Run: TypeAlias = Callable[[Trial], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One promise of the contract and how it is tried. With a power, only where the manifest declares it."""

    name: str
    group: str
    run: Run
    power: Power | None = None

    @property
    def promise(self) -> str:
        """The promise in words."""
        return (self.run.__doc__ or self.name).strip().splitlines()[0]


def check(run: Run, *, group: str, power: Power | None = None) -> Check:
    """Give the check a function ``check_…`` makes."""
    return Check(name=run.__name__.removeprefix("check_"), group=group, run=run, power=power)


def holds(condition: object, promise: str) -> None:
    """Pass when the condition is true.

    Raises:
        Violated: it is not; the text is the promise.
    """
    if not condition:
        raise Violated(promise)


async def raises(error: type[Raised], call: Awaitable[object], promise: str) -> Raised:
    """Give the error the call raises.

    Raises:
        Violated: the call succeeded, or raised an error of another class.
    """
    try:
        await call
    except error as raised:
        return raised
    except TargetError as other:
        raise Violated(f"{promise}: {error.__name__} expected, {type(other).__name__} raised") from other
    raise Violated(f"{promise}: {error.__name__} expected, nothing raised")


async def gone(trial: Trial, seen: RemoteObject) -> None:
    """Pass when the target has the object no more."""
    await raises(Gone, trial.connector.get(seen.kind, seen.id), "an object that is no more is Gone")


def default_sample(manifest: Manifest) -> Sample:
    """Give made-up attributes by the types the manifest declares; right for targets that take any text."""

    def sample(kind: Kind, token: str) -> Attributes:
        attributes = manifest.kinds[kind].attributes
        return {
            name: _made_up(each.type, token, position)
            for position, (name, each) in enumerate(attributes.items())
            if each.mutable is not Mutable.NEVER
        }

    return sample


async def described(connector: Connector, manifest: Manifest) -> Manifest:
    """Give the manifest as it is for this very target."""
    return await connector.describe() if isinstance(connector, Describes) else manifest


def _made_up(type: AttributeType, token: str, position: int) -> Value:
    match type:
        case AttributeType.TEXT:
            return f"v{position}-{token}"
        case AttributeType.FLAG:
            return True
        case AttributeType.NUMBER:
            return position + 1
        case AttributeType.LIST:
            return f"l{position}-{token}", f"m{position}-{token}"


def _is_plain(kind: KindManifest, name: str, each: AttributeManifest) -> bool:
    at_will = each.type is AttributeType.TEXT and each.mutable is Mutable.ALWAYS and not each.required
    return at_will and name not in kind.unique and name not in kind.match_on


def _set(value: Value) -> Value:
    """Give None for an empty list: neither is set."""
    return None if value == () else value
