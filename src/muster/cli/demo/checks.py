"""Asks the applications themselves, over their own interfaces and without any code of Muster's.

Whether the story is true.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from muster.cli.demo.accounts_table import AccountsTable
from muster.cli.demo.applications import Running

_PAGE: Final = 40  # smaller than either server's default, so that paging is really used


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One account as its application shows it."""

    user_name: str
    active: bool
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Verdict:
    """What was checked, and how it turned out."""

    held: list[str] = field(default_factory=list[str])
    broken: list[str] = field(default_factory=list[str])

    def check(self, claim: str, holds: bool) -> None:
        """Keep one claim with its outcome."""
        (self.held if holds else self.broken).append(claim)

    def check_accounts(self, app: str, seen: Iterable[Seen], expected: Iterable[str]) -> None:
        """Claim that the active accounts are exactly those of the people expected, each of them once."""
        names = sorted(one.user_name for one in seen if one.active)
        wanted = sorted(expected)
        self.check(f"{app} has exactly one active account for each of {len(wanted)} people", names == wanted)


async def scim_accounts(application: Running) -> list[Seen]:
    """Every account of a SCIM application, page by page (RFC 7644 §3.4.2.4)."""
    headers = {"Authorization": f"Bearer {application.token.reveal()}"}
    found: list[Seen] = []
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            query = {"startIndex": str(len(found) + 1), "count": str(_PAGE)}
            async with session.get(f"{application.url}/Users", params=query) as answer:
                answer.raise_for_status()
                page = await answer.json(content_type=None)
            found += [_seen(user) for user in page.get("Resources", ())]
            if not page.get("Resources") or len(found) >= page["totalResults"]:
                return found


def table_accounts(table: AccountsTable) -> list[Seen]:
    """Every account of the accounts table."""
    return [
        Seen(user_name=str(row["username"]), active=bool(row["active"]), facts=row)
        for row in table.accounts()
    ]


def of(seen: Iterable[Seen], user_name: str) -> Seen | None:
    """The account of one person, if there is exactly one."""
    found = [one for one in seen if one.user_name == user_name]
    return found[0] if len(found) == 1 else None


def _seen(user: Mapping[str, Any]) -> Seen:
    return Seen(user_name=user["userName"], active=user.get("active") is True, facts=user)
