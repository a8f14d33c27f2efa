"""What people are found by: the values of some attributes, as filters compare them, one row each.

Kept beside the resource so that an index answers the filters that identity providers and people ask with,
however many people there are (RFC 7644 §3.4.2.2). Letter case is folded, since none of these attributes
heeds it (RFC 7643 §8.7.1). Deleted people have no rows.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from muster.db import Statement, Transaction
from muster.model import Identity
from muster.scim.builtin import ENTERPRISE_USER_URN

LONGEST: Final = 400  # characters of a value that are kept; PostgreSQL cannot index 2,700 bytes

_AT_THE_TOP: Final = ("userName", "displayName", "title")
_OF_THE_NAME: Final = ("familyName", "givenName")
_OF_THE_ENTERPRISE: Final = ("employeeNumber", "department")

PATHS: Final[Mapping[str, str]] = {
    "userName": "userName",
    "displayName": "displayName",
    "name.familyName": "familyName",
    "name.givenName": "givenName",
    "title": "title",
    "emails": "emails",
    "emails.value": "emails",
    f"{ENTERPRISE_USER_URN}:employeeNumber": "employeeNumber",
    f"{ENTERPRISE_USER_URN}:department": "department",
    f"{ENTERPRISE_USER_URN}:manager": "manager",
    f"{ENTERPRISE_USER_URN}:manager.value": "manager",
}
"""The column ``path`` by attribute, noted as ``str(Location)`` does."""

WHOLE: Final = frozenset({"emails", f"{ENTERPRISE_USER_URN}:manager"})
"""Those of them that are complex: compared by their ``value``, but there as soon as any part is."""

SEVERAL: Final = frozenset({"emails"})
"""The paths of which a person may have several values."""

_INSERT: Final = Statement(
    """
    INSERT INTO match_values (tenant, source, path, value, person, cut)
    VALUES (:tenant, :source, :path, :value, :person, :cut)
    """
)
_DELETE: Final = Statement(
    """
    DELETE FROM match_values
    WHERE tenant = :tenant AND source = :source AND path = :path AND value = :value AND person = :person
    """
)

Values = Mapping[tuple[str, str], int]
"""Path and value as kept → 1 where it is only the beginning of the value, else 0."""

NONE: Final[Values] = {}
"""Somebody new, or deleted, is found by nothing."""


def values_of(attributes: Mapping[str, object]) -> Values:
    """Give what a person with these attributes is found by."""
    found: dict[tuple[str, str], int] = {}
    for path, text in _texts(attributes):
        if isinstance(text, str):
            folded = text.casefold()
            cut = int(len(folded) > LONGEST)
            key = (path, folded[:LONGEST])
            found[key] = max(cut, found.get(key, 0))
    return found


def _texts(attributes: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Give every value that may count, each with its path; what is no text does not."""
    for path in _AT_THE_TOP:
        yield path, attributes.get(path)
    name, enterprise = _inside(attributes, "name"), _inside(attributes, ENTERPRISE_USER_URN)
    for path in _OF_THE_NAME:
        yield path, name.get(path)
    for path in _OF_THE_ENTERPRISE:
        yield path, enterprise.get(path)
    yield "manager", _inside(enterprise, "manager").get("value")
    emails = attributes.get("emails")
    for email in cast("list[object]", emails) if isinstance(emails, list) else ():
        if isinstance(email, dict):
            yield "emails", cast("dict[str, object]", email).get("value")


def _inside(container: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = container.get(name)
    return cast("dict[str, object]", value) if isinstance(value, dict) else _EMPTY


_EMPTY: Final[Mapping[str, object]] = {}


async def replace(tx: Transaction, person: Identity, before: Values) -> None:
    """The person is found by what they are now; ``before`` is what they were found by until now."""
    now = values_of(person.attributes)
    gone = [key for key, cut in before.items() if now.get(key) != cut]
    new = [(key, cut) for key, cut in now.items() if before.get(key) != cut]
    await tx.run_many(_DELETE, [_key(person, *key) for key in sorted(gone)])
    await tx.run_many(_INSERT, [{**_key(person, *key), "cut": cut} for key, cut in sorted(new)])


async def remove(tx: Transaction, person: Identity) -> None:
    """The person is not found any more."""
    await tx.run_many(_DELETE, [_key(person, *key) for key in sorted(values_of(person.attributes))])


def _key(person: Identity, path: str, value: str) -> dict[str, Any]:
    return {
        "tenant": person.tenant,
        "source": person.source,
        "path": path,
        "value": value,
        "person": person.id,
    }
