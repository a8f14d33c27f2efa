"""The brake on taking away: more removals than an application's budget wait for a person."""

import math
from dataclasses import dataclass
from decimal import Decimal

from muster.model import Limits, Plan, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What one application went through in the sliding hour."""

    managed: int  # accounts we hold links to there
    destroyed: int  # of these, disabled or deleted within the window


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """The plan may be carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The plan waits for a person, who reads why."""

    problem: Problem


def guard(plan: Plan, limits: Limits, window: Window, *, authoritative: bool) -> Go | Hold:
    """Say whether a plan may be carried out now; one that takes nothing away always may.

    Args:
        plan: what is about to be done for one key; it counts as one removal if it destroys.
        limits: the application's; they set its ``budget``.
        window: what was taken away there already.
        authoritative: a named person ended this access or approved the removals: no budget applies.
    """
    if not plan.destroys or authoritative:
        return Go()
    allowed = budget(limits, managed=window.managed)
    if window.destroyed < allowed:
        return Go()
    return Hold(problem=_problem(plan, limits, window, allowed))


def budget(limits: Limits, *, managed: int) -> int:
    """Give the number of removals a sliding hour allows: a count or a share of all, whichever is more.

    >>> budget(Limits(destroy_count=5, destroy_percent=5.0), managed=1000)
    50
    """
    share = Decimal(str(limits.destroy_percent)) * managed / 100  # decimal: 5.1 % of 1,000 is 51, not 50.99…
    return max(limits.destroy_count, math.floor(share))


def _problem(plan: Plan, limits: Limits, window: Window, allowed: int) -> Problem:
    app = plan.key.app
    return Problem(
        code="MUSTER-GUARD-HELD",
        what="The removal of an account is held back",
        where=f"app {app}, person {plan.key.subject}",
        why=(
            f"{window.destroyed} of the {window.managed} accounts Muster manages in {app} were disabled or "
            f"deleted within the last hour, and its guard allows {allowed} ({limits.destroy_count}, or "
            f"{limits.destroy_percent:g} % of the accounts, whichever is more); creating and updating go on"
        ),
        next_step=f"if these removals are right, run `muster sync {app} --approve-removals`",
    )
