"""What every SCIM action shares: who asks, what is asked for, what is given back, and how a refusal reads."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeVar

import msgspec

from muster.db import Duplicate, Transaction
from muster.directory import schemas
from muster.directory.tokens import Bearer
from muster.intake.inbound import Inbound
from muster.model import BadInput, Priority, Scope, Source
from muster.model.text import normalised
from muster.scim.dialects import USUAL, Dialect
from muster.scim.errors import (
    BadRequest,
    Conflict,
    InvalidValue,
    NotFound,
    PreconditionFailed,
    Uniqueness,
)
from muster.scim.filter import Filter
from muster.scim.listing import Page
from muster.scim.schema import ResourceType
from muster.scim.sorting import Sort
from muster.scim.values import JsonValue
from muster.service import permission
from muster.service.desk import Desk
from muster.service.scim_types import STANDARD, Types

_LONGEST_NAME: Final = 2_000  # bytes of a compared value; PostgreSQL cannot index 2,700

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The source that speaks, how, and the base URL it reached us by, without a slash at the end."""

    bearer: Bearer
    base: str
    types: Types = STANDARD
    dialect: Dialect = USUAL
    json_base: str = field(init=False, repr=False)  # the base URL as it stands inside a JSON string

    def __post_init__(self) -> None:
        """Write the base URL as JSON once."""
        object.__setattr__(self, "json_base", msgspec.json.encode(self.base).decode()[1:-1])

    @property
    def source(self) -> Source:
        """Whose people and groups exist for the caller; all others do not."""
        return self.bearer.source

    @property
    def actor(self) -> str:
        """Who stands in the log: the source, or the person whose own token it is."""
        person = self.bearer.token.person
        return f"source:{self.source.name}" if person is None else f"person:{person}"

    def check(self, needed: Scope, id: str | None = None, *, own: Scope | None = None) -> None:
        """Return when the token may do this (``permission.check``); every action begins with it.

        Raises:
            InsufficientScope: It may not.
        """
        permission.check(self.bearer.token, needed, id, own=own)

    def location(self, resource_type: ResourceType, id: str) -> str:
        """The URI of a resource (RFC 7643 §3.1, ``meta.location``)."""
        return f"{self.base}{resource_type.endpoint}/{id}"

    def inbound(self, desk: Desk, cause: str, *, priority: Priority = Priority.UPDATE) -> Inbound:
        """A change that the caller brings now."""
        return Inbound(
            source=self.source,
            actor=self.actor,
            cause=f"SCIM {cause}",
            at=desk.clock(),
            new_id=desk.new_id,
            priority=priority,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A resource as it is now; ``etag`` is its weak entity tag (RFC 7644 §3.14).

    ``body`` is what the caller wants to see of it, as JSON; ``None`` where it is too long to be shown
    unasked.
    """

    id: str
    etag: str
    location: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which resources are wanted, in which order, and which page of them (RFC 7644 §3.4.2).

    ``cursor`` asks for pages by cursor (RFC 9865): the empty text for the first one.
    """

    page: Page
    filter: Filter | None = None
    sort: Sort | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page, and how many resources there are in all; ``cursor`` leads to the next page."""

    total: int
    bodies: tuple[bytes, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The versions a client allows its change to meet (``If-Match``); none at all means any."""

    etags: frozenset[str] = frozenset()

    def check(self, version: int) -> None:
        """Return when the resource is at one of the versions.

        Raises:
            PreconditionFailed: It has changed since.
        """
        if (
            self.etags
            and "*" not in self.etags
            and not any(_version(etag) == str(version) for etag in self.etags)
        ):
            raise PreconditionFailed(
                "the resource has changed since the version that is named; read it again"
            )


ANY_VERSION: Final = Expected()


def etag(version: int, seen_beside: str = "") -> str:
    """The weak entity tag of a version.

    Args:
        version: Of what the source wrote.
        seen_beside: What else the resource shows and other changes move, such as the groups of a person.
            A condition on reading heeds it, one on writing does not.

    >>> etag(3), etag(3, "9af0")
    ('W/"3"', 'W/"3-9af0"')
    """
    return f'W/"{version}-{seen_beside}"' if seen_beside else f'W/"{version}"'


def _version(etag: str) -> str:
    return etag.removeprefix("W/").strip('"').partition("-")[0]


def no_such(resource_type: ResourceType, id: str) -> NotFound:
    """The refusal of a resource that does not exist for the caller."""
    return NotFound(f"there is no {resource_type.name} with id {id[:80]}")


def checked_name(value: JsonValue, path: str) -> str:
    """The value that people are found by, if an index can hold it.

    Raises:
        InvalidValue: It is no text, is empty or too long.
    """
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue("a string that is not empty is needed", path=path)
    if max(len(value.encode()), len(normalised(value).encode())) > _LONGEST_NAME:
        raise InvalidValue(f"the value is longer than {_LONGEST_NAME:,} bytes", path=path)
    return value


def optional_name(value: JsonValue, path: str) -> str | None:
    """The value, or None where there is none.

    Raises:
        InvalidValue: As ``checked_name``.
    """
    return None if value in (None, "") else checked_name(value, path)


class TypesChanged(Conflict):
    """The operator changed a schema after the request was checked by it; to be checked and done again."""


async def written(
    desk: Desk,
    caller: Caller,
    work: Callable[[Transaction], Awaitable[Answer]],
    unique: Iterable[tuple[str, str]],
) -> Answer:
    """Carry out the change, with refusals as SCIM words them.

    Args:
        desk: Where.
        caller: Whose types the change was checked by.
        work: The change, as one transaction.
        unique: Attributes by the columns that must be unique.

    Raises:
        Uniqueness: Another resource of the source has the value.
        BadRequest: The change cannot be made; nothing changed.
        Conflict: Somebody else made a change at the same moment.
        TypesChanged: Somebody else changed what users and groups may hold.
    """

    async def checked(tx: Transaction) -> Answer:
        answer = await work(tx)
        # Asked last: whoever changes a schema waits for those who have written (``schemas.hold_still``).
        if await schemas.version(tx, desk.tenant) != caller.types.version:
            raise TypesChanged("what users and groups may hold has just changed; send the request again")
        return answer

    try:
        return await desk.db.write(checked)
    except Duplicate as error:
        attribute = next((name for column, name in unique if column in error.name), None)
        raise Uniqueness("the value is taken by another resource", path=attribute) from error
    except BadInput as error:
        _refuse(error)


def _refuse(error: BadInput) -> NoReturn:
    kinds: dict[str, type[BadRequest | Conflict]] = {"MUSTER-CHANGED": Conflict}
    raise kinds.get(error.problem.code, InvalidValue)(str(error.problem)) from error
