"""Truth: a connector is what its manifest says."""

from typing import cast

from muster.kit.checks.trial import PROTOCOLS, NotApplicable, Trial, check, holds, raises
from muster.kit.contract import EXTERNAL_ID, Connector, Power
from muster.model import ACCOUNT, AuthFailed, TargetError, Unsupported


async def check_has_the_core(trial: Trial) -> None:
    """A connector has every call of the core."""
    connector = cast("object", trial.connector)  # whatever it was said to be
    holds(isinstance(connector, Connector), "a connector has every call of the core")


async def check_has_the_declared_powers_and_no_other(trial: Trial) -> None:
    """A power is implemented exactly where the manifest declares it."""
    for power, protocol in PROTOCOLS.items():
        has, declares = isinstance(trial.connector, protocol), power in trial.manifest.powers
        holds(has or not declares, f"the declared power {power} is implemented")
        holds(declares or not has, f"the implemented power {power} is declared")


async def check_probe_says_who_answers_and_changes_nothing(trial: Trial) -> None:
    """``probe`` answers with a few words and leaves the target as it was."""
    await trial.make()
    before = sorted(await trial.ids())
    said = await trial.connector.probe()

    holds(said.strip(), "probe says who answers")
    holds(before == sorted(await trial.ids()), "probe changes nothing")


async def check_a_credential_not_accepted_is_auth_failed(trial: Trial) -> None:
    """A connector with a credential the target does not accept says so on probe."""
    if trial.stranger is None:
        raise NotApplicable("no connector with a wrong credential was given")
    await raises(AuthFailed, trial.stranger.probe(), "a credential that is not accepted is AuthFailed")


async def check_shows_what_the_manifest_lists(trial: Trial) -> None:
    """Objects show attributes the manifest lists, the kind asked for, an id, and in use or not."""
    made = await trial.make()

    for shown in (made, await trial.connector.get(ACCOUNT, made.id)):
        extra = set(shown.attributes) - set(trial.kind().attributes)
        holds(not extra, f"only attributes the manifest lists are shown, not {sorted(extra)}")
        holds(shown.kind == ACCOUNT, "an object shows the kind it was asked for as")
        holds(shown.id, "an object has an id")
        known = shown.active is not None or Power.DISABLE not in trial.manifest.powers
        holds(known, "an account that can be taken out of use shows whether it is")


async def check_searching_by_an_unknown_attribute_is_unsupported(trial: Trial) -> None:
    """A search by what the target has no place for is refused, never answered with "none"."""
    await raises(
        Unsupported,
        trial.connector.find(ACCOUNT, "no-such-attribute", "x"),
        "a search by an unknown attribute is Unsupported",
    )
    if not trial.kind().external_id:
        await raises(
            Unsupported,
            trial.connector.find(ACCOUNT, EXTERNAL_ID, "x"),
            "a search by our id, where there is no place for it, is Unsupported",
        )


async def check_no_secret_is_told(trial: Trial) -> None:
    """No secret stands in an error's text or in what the connector shows of itself."""
    if not trial.secrets:
        raise NotApplicable("no secret was given")
    made = await trial.make()
    await trial.connector.delete(made, trial.operation())
    told = [str(trial.connector), repr(trial.connector), await trial.connector.probe()]
    gone = await raises(TargetError, trial.connector.get(ACCOUNT, made.id), "an unknown id is an error")
    search = trial.connector.find(ACCOUNT, "no-such-attribute", "x")
    unsupported = await raises(TargetError, search, "a search by an unknown attribute is an error")
    told += [text for error in (gone, unsupported) for text in (str(error), repr(error), error.why)]

    holds(not any(secret in text for secret in trial.secrets for text in told), "no secret is told")


CHECKS = tuple(
    check(run, group="truth")
    for run in (
        check_has_the_core,
        check_has_the_declared_powers_and_no_other,
        check_probe_says_who_answers_and_changes_nothing,
        check_a_credential_not_accepted_is_auth_failed,
        check_shows_what_the_manifest_lists,
        check_searching_by_an_unknown_attribute_is_unsupported,
        check_no_secret_is_told,
    )
)
