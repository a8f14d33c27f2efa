"""Connectors that are not what their manifest says."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from muster.kit.contract import Power
from muster.kit.manifest import Manifest
from muster.kit.memory import HoldingMembers
from muster.kit.mutants.base import Mutant, Mutating
from muster.model import ACCOUNT, GROUP, Gone, Kind, RemoteId, RemoteObject, Unsupported

SECRET: Final = "t0p-s3cret"  # noqa: S105 - made up, for the mutants that tell it


class HasNoDeclaredPower(HoldingMembers, Mutating):
    """Declares that accounts can be disabled and cannot do it."""

    breaks = "has_the_declared_powers_and_no_other"


class HidesAPower(Mutant):
    """Holds members and does not declare it."""

    breaks = "has_the_declared_powers_and_no_other"

    async def describe(self) -> Manifest:
        """Leave the power out."""
        return replace(self.target.manifest, powers=frozenset({Power.DISABLE}))


class ProbesByCreating(Mutant):
    """Tries its rights by making an account."""

    breaks = "probe_says_who_answers_and_changes_nothing"

    async def probe(self) -> str:
        """Leave an account behind."""
        self.target.put(ACCOUNT, {"userName": f"probe{len(self.target.accounts)}"})
        return await super().probe()


class ProbesInSilence(Mutant):
    """Says nothing on probe."""

    breaks = "probe_says_who_answers_and_changes_nothing"

    async def probe(self) -> str:
        """Say nothing."""
        return ""


class ShowsMoreThanListed(Mutant):
    """Shows attributes its manifest does not list."""

    breaks = "shows_what_the_manifest_lists"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Add one."""
        got = await super().get(kind, id)
        return replace(got, attributes={**got.attributes, "createdBy": "admin"})


class DoesNotShowActive(Mutant):
    """Never says whether an account is in use."""

    breaks = "shows_what_the_manifest_lists"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Leave it out."""
        return replace(await super().get(kind, id), active=None)


class ShowsAccountsAsGroups(Mutant):
    """Answers with another kind than it was asked for."""

    breaks = "shows_what_the_manifest_lists"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Say that it is a group."""
        return replace(await super().get(kind, id), kind=GROUP)


class FindsNothingByTheUnknown(Mutant):
    """Answers a search by an attribute the target does not have with "none", which makes duplicates."""

    breaks = "searching_by_an_unknown_attribute_is_unsupported"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Swallow the refusal."""
        try:
            return await super().find(kind, attribute, value)
        except Unsupported:
            return []


class TellsItsSecret(Mutant):
    """Puts its credential into errors."""

    breaks = "no_secret_is_told"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Tell it where nothing is found."""
        try:
            return await super().get(kind, id)
        except Gone as gone:
            why = f"GET /{kind}/{id} with Authorization: Bearer {SECRET} gave 404"
            raise Gone(why, status=404) from gone


MUTANTS: tuple[type[Mutating], ...] = (
    HasNoDeclaredPower,
    HidesAPower,
    ProbesByCreating,
    ProbesInSilence,
    ShowsMoreThanListed,
    DoesNotShowActive,
    ShowsAccountsAsGroups,
    FindsNothingByTheUnknown,
    TellsItsSecret,
)
