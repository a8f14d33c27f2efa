"""Manners: calls side by side do not mix, and no call does more than it was asked for."""

import asyncio

from muster.kit.checks.trial import NotApplicable, Trial, check, holds
from muster.kit.contract import Delta
from muster.model import ACCOUNT


async def check_calls_side_by_side_do_not_mix(trial: Trial) -> None:
    """Many calls at a time on different objects each answer about their own."""
    news = [trial.new() for _ in range(8)]
    made = await asyncio.gather(*(trial.create(new) for new in news))
    for new, each in zip(news, made, strict=True):
        differing = trial.differing(ACCOUNT, new.attributes, each.attributes)
        holds(not differing, f"creations side by side do not mix, also {differing}")
    got = await asyncio.gather(*(trial.connector.get(ACCOUNT, each.id) for each in made))

    holds(len({each.id for each in made}) == len(made), "creations side by side make one object each")
    holds([each.id for each in made] == [each.id for each in got], "looks side by side do not mix")


async def check_updates_side_by_side_do_not_mix(trial: Trial) -> None:
    """Updates at a time of different objects each change their own."""
    (attribute,) = trial.plain()
    made = [await trial.make() for _ in range(4)]
    values = [trial.other_value(attribute) for _ in made]
    calls = [
        trial.connector.update(each, Delta(set={attribute: value}), trial.operation())
        for each, value in zip(made, values, strict=True)
    ]
    await asyncio.gather(*calls)

    for each, value in zip(made, values, strict=True):
        now = await trial.connector.get(ACCOUNT, each.id)
        holds(trial.same(ACCOUNT, {attribute: value}, now.attributes), "updates side by side do not mix")


async def check_two_readers_do_not_disturb_each_other(trial: Trial) -> None:
    """Two reads that take turns both give every object once."""
    made = {(await trial.make()).id for _ in range(5)}
    first, second = await asyncio.gather(trial.ids(limit=2), trial.ids(limit=3))

    for ids in (first, second):
        holds(made <= set(ids), "reads side by side give every object")
        holds(len(ids) == len(set(ids)), "reads side by side give no object twice")


async def check_searching_for_one_leaves_the_rest(trial: Trial) -> None:
    """Looking changes nothing: versions, where there are any, stay."""
    made = await trial.make()
    if made.etag is None:
        raise NotApplicable("the target has no versions")
    seen = await trial.connector.get(ACCOUNT, made.id)
    await trial.ids()
    for attribute in trial.kind().match_on:
        await trial.connector.find(ACCOUNT, attribute, str(made.attributes[attribute]))

    holds(seen.etag == (await trial.connector.get(ACCOUNT, made.id)).etag, "looking makes no new version")


CHECKS = tuple(
    check(run, group="manners")
    for run in (
        check_calls_side_by_side_do_not_mix,
        check_updates_side_by_side_do_not_mix,
        check_two_readers_do_not_disturb_each_other,
        check_searching_for_one_leaves_the_rest,
    )
)
