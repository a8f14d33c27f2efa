"""The plan of one key: what should be, what we remember and what is there, turned into operations.

What we do not link we never disable or delete: such an operation stands in a plan only for the object the
link names, or after a LINK of the object that bears our own id.
"""

from collections.abc import Sequence

from muster.model import (
    Attributes,
    Desired,
    Link,
    LinkState,
    Operation,
    Plan,
    RemoteId,
    RemoteObject,
    Removal,
    Unsupported,
    Verb,
)
from muster.plan.compare import Cause, Difference, details, differences
from muster.plan.correlate import BY_EXTERNAL_ID, Correlation

ACTIVE = "active"  # in before and after: whether the account can be used; no attribute of its own
_HELD = frozenset(
    {LinkState.LINKED, LinkState.DISABLED}
)  # the states in which an account is ours and was there


def make(
    desired: Desired,
    link: Link | None,
    observed: RemoteObject | None,
    *,
    removal: Removal,
    can_disable: bool,
    case_ignored: frozenset[str],
    match: Correlation | None = None,
    sent: Attributes | None = None,
) -> Plan:
    """Give the operations that converge one key, in order; none when it is converged.

    Args:
        desired: what the person should hold.
        link: our memory of the account. Only one that is linked or disabled stands for an account that is
            there; a tombstone, an unfinished creation or an open question does not.
        observed: the linked object as the application shows it; None when it is gone, or nothing is linked.
        removal: what happens to an account whose person may no longer have it.
        can_disable: whether the connector can take accounts out of use and back.
        case_ignored: the attributes in which letter case makes no difference.
        match: what looking for the person's account brought; None where nobody looked.
        sent: the values of a creation whose outcome is not known, if there is one.

    Raises:
        Unsupported: the account would have to be taken out of use or back, and the connector cannot.
        ValueError: link or object belong to another key, or nobody looked although nothing is certain.
    """
    held = link if link is not None and link.state in _HELD else None
    _refuse_strangers(desired, link, held, observed)
    _refuse_blindness(desired, link, match)
    steps = _Steps(desired, removal=removal, can_disable=can_disable, case_ignored=case_ignored)
    if held is not None and observed is not None:
        return steps.kept(held, observed) if desired.wanted else steps.withdrawn(held, observed)
    if not desired.wanted:
        return steps.let_go(link, match, sent or {})
    return steps.obtained(held, match)


def _refuse_strangers(
    desired: Desired, link: Link | None, held: Link | None, observed: RemoteObject | None
) -> None:
    if link is not None and link.key != desired.key:
        raise ValueError(f"the link is of {link.key}, the plan of {desired.key}")
    if observed is not None and held is not None and observed.id != held.remote_id:
        raise ValueError(f"object {observed.id} was observed, object {held.remote_id} is linked")


def _refuse_blindness(desired: Desired, link: Link | None, match: Correlation | None) -> None:
    """An account that may be there already is looked for before anything is made of it."""
    if link is None or match is not None:
        return
    unfinished = link.state is LinkState.CREATING
    if unfinished or (desired.wanted and link.state is LinkState.AMBIGUOUS):
        raise ValueError(f"the link is {link.state}: look for the account before planning")


class _Steps:
    """The operations for one desired state, case by case."""

    def __init__(
        self, desired: Desired, *, removal: Removal, can_disable: bool, case_ignored: frozenset[str]
    ) -> None:
        self._desired = desired
        self._removal = removal
        self._can_disable = can_disable
        self._case_ignored = case_ignored

    def kept(self, link: Link, seen: RemoteObject) -> Plan:
        """The account is there and should be: put it into use and mend what differs."""
        found = differences(
            self._desired.attributes, link.last_applied, seen.attributes, case_ignored=self._case_ignored
        )
        return self._plan(seen, [*self._enable(seen, _in_use(seen, link)), *self._update(seen, found)], found)

    def withdrawn(self, link: Link, seen: RemoteObject) -> Plan:
        """The account is there and should not be."""
        return self._plan(seen, self._remove(seen, _in_use(seen, link)))

    def let_go(self, link: Link | None, match: Correlation | None, sent: Attributes) -> Plan:
        """No account is wanted and none is known to be there."""
        if link is None or link.state in {LinkState.TOMBSTONE, LinkState.AMBIGUOUS}:
            return self._plan(None, [])
        if link.state is LinkState.CREATING and match is not None:
            return self._let_go_unfinished(link, match, sent)
        return self._plan(None, [self._unlink(link)])

    def _let_go_unfinished(self, link: Link, match: Correlation, sent: Attributes) -> Plan:
        """Nobody knows whether the account came to be: all else than what is surely ours is a question.

        Ours is what bears our id, and where the application has no place for it, what holds each value that
        was sent: it was not there when the creation was decided, and is now.
        """
        seen = match.match
        if seen is not None and (match.by == BY_EXTERNAL_ID or self._is_as_sent(seen, sent)):
            return self._plan(seen, [self._link(seen, match), *self._remove(seen, seen.active is not False)])
        if match.found:
            return self._plan(None, [self._ask(match)])
        return self._plan(None, [self._unlink(link)])

    def _is_as_sent(self, seen: RemoteObject, sent: Attributes) -> bool:
        return bool(sent) and not differences(sent, {}, seen.attributes, case_ignored=self._case_ignored)

    def obtained(self, vanished: Link | None, match: Correlation | None) -> Plan:
        """An account is wanted and none is there as far as we know: adopt the match, ask or create."""
        if match is not None and match.asks:
            return self._plan(None, [self._ask(match)])
        if match is not None and match.match is not None:
            return self._adopt(match.match, match)
        gone = (f"account {vanished.remote_id} is no longer in the application",) if vanished else ()
        create = self._operation(Verb.CREATE, because=(*gone, *self._desired.because))
        return self._plan(None, [create])

    def _adopt(self, seen: RemoteObject, match: Correlation) -> Plan:
        """Link what was recognised and mend it, except for the attribute it was recognised by."""
        rest = {name: value for name, value in self._desired.attributes.items() if name != match.by}
        found = differences(rest, {}, seen.attributes, case_ignored=self._case_ignored)
        enable = self._enable(seen, seen.active is not False)
        return self._plan(seen, [self._link(seen, match), *enable, *self._update(seen, found)], found)

    def _remove(self, seen: RemoteObject, in_use: bool) -> Sequence[Operation]:
        match self._removal:
            case Removal.KEEP:
                return ()
            case Removal.DELETE:
                return (self._in_and_out(Verb.DELETE, seen),)
            case Removal.DISABLE:
                if not in_use:
                    return ()
                self._need_disable(seen, "taken out of use")
                return (self._in_and_out(Verb.DISABLE, seen),)

    def _enable(self, seen: RemoteObject, in_use: bool) -> Sequence[Operation]:
        if in_use:
            return ()
        self._need_disable(seen, "put back into use")
        return (self._in_and_out(Verb.ENABLE, seen),)

    def _in_and_out(self, verb: Verb, seen: RemoteObject) -> Operation:
        """An operation on the account as a whole; ``before`` keeps what it takes away, for undoing it."""
        wiped = verb is Verb.DELETE
        return Operation(
            verb=verb,
            key=self._desired.key,
            remote_id=seen.id,
            before={**(seen.attributes if wiped else {}), ACTIVE: seen.active},
            after={} if wiped else {ACTIVE: verb is Verb.ENABLE},
            because=self._desired.because,
        )

    def _update(self, seen: RemoteObject, found: tuple[Difference, ...]) -> Sequence[Operation]:
        if not found:
            return ()
        update = Operation(
            verb=Verb.UPDATE,
            key=self._desired.key,
            remote_id=seen.id,
            before={difference.attribute: difference.observed for difference in found},
            after={difference.attribute: difference.desired for difference in found},
            because=(*self._desired.because, *_told(found)),
        )
        return (update,)

    def _link(self, seen: RemoteObject, match: Correlation) -> Operation:
        return self._operation(
            Verb.LINK, seen.id, because=(f"account {seen.id} was recognised by its {match.by}",)
        )

    def _ask(self, match: Correlation) -> Operation:
        return self._operation(Verb.ASK, because=(_question(match), *self._desired.because))

    def _unlink(self, link: Link) -> Operation:
        named = "the account" if link.remote_id is None else f"account {link.remote_id}"
        gone = f"{named} is not in the application"
        return self._operation(Verb.UNLINK, link.remote_id, because=(*self._desired.because, gone))

    def _operation(
        self, verb: Verb, remote_id: RemoteId | None = None, *, because: tuple[str, ...] | None = None
    ) -> Operation:
        return Operation(
            verb=verb,
            key=self._desired.key,
            remote_id=remote_id,
            after=self._desired.attributes if verb is Verb.CREATE else {},
            because=self._desired.because if because is None else because,
        )

    def _plan(
        self,
        observed: RemoteObject | None,
        operations: Sequence[Operation],
        found: tuple[Difference, ...] = (),
    ) -> Plan:
        return Plan(
            key=self._desired.key, operations=tuple(operations), observed=observed, in_detail=details(found)
        )

    def _need_disable(self, seen: RemoteObject, what: str) -> None:
        if not self._can_disable:
            app = self._desired.key.app
            raise Unsupported(
                f"account {seen.id} in {app} must be {what}, but the connector of {app} cannot take accounts "
                "out of use and back; configure removal as delete or keep"
            )


def _in_use(seen: RemoteObject, link: Link) -> bool:
    """Whether the account can be used: what the application shows, else what we did last."""
    return seen.active if seen.active is not None else link.state is not LinkState.DISABLED


def _told(found: tuple[Difference, ...]) -> tuple[str, ...]:
    drifted = tuple(
        f"{difference.attribute} was changed in the application and is put back"
        for difference in found
        if difference.cause is Cause.DRIFT
    )
    clashing = tuple(
        f"{difference.attribute} was changed in the application and by us; ours counts"
        for difference in found
        if difference.cause is Cause.BOTH
    )
    return drifted + clashing


def _question(match: Correlation) -> str:
    if match.taken:
        ids = ", ".join(candidate.id for candidate in match.withheld)
        return f"the account with the same {match.by} ({ids}) is linked to somebody else"
    if match.unsure:
        return f"account {match.found[0].id} has the same {match.by}, but the externalId of somebody else"
    if match.match is not None:
        return f"account {match.match.id} has the same {match.by} and may be the one that was being created"
    ids = ", ".join(candidate.id for candidate in match.found)
    return f"{len(match.found)} accounts have the same {match.by}: {ids}"
