"""The dialect of a source: set, and logged."""

from collections.abc import Mapping
from dataclasses import replace

from muster import audit
from muster.audit import Action
from muster.db import Transaction
from muster.directory import sources
from muster.model import Source
from muster.service import finding
from muster.service.desk import Actor, Desk
from muster.service.dialect_choice import Choice, check, chosen, dialect_of, words_of
from muster.service.tokens import record


async def set_dialect(desk: Desk, actor: Actor, name: str, choice: Choice) -> Source:
    """The source may do from now on what was chosen; nothing happens when it may already.

    Raises:
        NotFound: there is no such source.
        BadInput: the choice is none, or the source does not speak SCIM.
    """
    known = await finding.source(desk, name)

    async def work(tx: Transaction) -> Source:
        before = await sources.by_id(tx, desk.tenant, known.id) or known
        after = replace(before, dialect=chosen(choice.applied(dialect_of(before))))
        check(after)
        if dict(before.dialect) != dict(after.dialect):
            await sources.set_dialect(tx, after)
            was, now = words_of(dialect_of(before)), words_of(dialect_of(after))
            entry = record(desk, actor, Action.SOURCE_UPDATE, after, desk.clock(), after=_differing(now, was))
            await audit.append(tx, replace(entry, before=_differing(was, now)))
            tx.announce()  # who is let in, and how, is remembered for a moment
        return after

    return await desk.db.write(work)


def _differing(words: Mapping[str, str], other: Mapping[str, str]) -> dict[str, object]:
    return {name: word for name, word in words.items() if other[name] != word}
