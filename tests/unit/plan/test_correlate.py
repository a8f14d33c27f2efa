"""Recognising an existing account."""

from muster.model import ACCOUNT, Attributes, RemoteId, RemoteObject, Value
from muster.plan import BY_EXTERNAL_ID, Correlation, correlate

OURS = "018f-ana"
WANTED: Attributes = {"userName": "ana.ruiz", "email": "ana@acme.example"}


def account(id: str, *, external_id: str | None = None, **attributes: Value) -> RemoteObject:
    """An account as an application shows it."""
    return RemoteObject(kind=ACCOUNT, id=RemoteId(id), attributes=attributes, external_id=external_id)


def looked(
    *candidates: RemoteObject,
    wanted: Attributes = WANTED,
    match_on: tuple[str, ...] = ("userName", "email"),
    case_ignored: tuple[str, ...] = ("userName",),
    elsewhere: tuple[str, ...] = (),
) -> Correlation:
    """What correlation says of these candidates."""
    return correlate(
        OURS,
        wanted,
        candidates,
        match_on,
        case_ignored=frozenset(case_ignored),
        linked_elsewhere=frozenset(map(RemoteId, elsewhere)),
    )


def test_our_id_comes_first() -> None:
    """An account that bears our id is the person's even if another one has the user name."""
    ours = account("1", external_id=OURS, userName="renamed")
    namesake = account("2", userName="ana.ruiz")

    correlation = looked(namesake, ours)

    assert (correlation.match, correlation.by) == (ours, BY_EXTERNAL_ID)


def test_our_id_is_compared_exactly() -> None:
    """An id that differs in letter case only is another id, and makes a match by name unsure."""
    correlation = looked(account("1", external_id=OURS.upper(), userName="ana.ruiz"))

    assert correlation.by == "userName"
    assert correlation.unsure


def test_attributes_are_tried_in_order() -> None:
    """The first attribute that anything shares decides."""
    by_mail = account("1", email="ana@acme.example")
    by_name = account("2", userName="Ana.Ruiz")

    assert looked(by_mail, by_name).match == by_name
    assert looked(by_mail).match == by_mail
    assert looked(by_mail, by_name, match_on=("email", "userName")).match == by_mail


def test_letter_case_counts_unless_ignored() -> None:
    """An attribute that is not declared to ignore letter case matches exactly."""
    assert looked(account("1", userName="ANA.RUIZ"), case_ignored=()) == Correlation()
    assert looked(account("1", userName="ANA.RUIZ")).match is not None


def test_compatibility_forms_match() -> None:
    """A full-width letter is the same letter (NFKC)."""
    wide = account("1", userName="\N{FULLWIDTH LATIN SMALL LETTER A}na.ruiz")

    assert looked(wide, case_ignored=()).match == wide


def test_two_matches_are_a_question() -> None:
    """Nobody chooses between two accounts but a person."""
    correlation = looked(account("2", userName="ana.ruiz"), account("1", userName="ana.ruiz"))

    assert correlation.match is None
    assert correlation.asks
    assert [candidate.id for candidate in correlation.found] == ["1", "2"]


def test_one_object_given_twice_is_one() -> None:
    """A candidate found by two searches is not two candidates."""
    ana = account("1", userName="ana.ruiz", email="ana@acme.example")

    assert looked(ana, ana).match == ana


def test_somebody_elses_account_is_never_taken_over() -> None:
    """If the only match is linked to another person, there is a conflict and no match."""
    correlation = looked(account("1", userName="ana.ruiz"), elsewhere=("1",))

    assert correlation.taken
    assert correlation.asks
    assert correlation.match is None
    assert correlation.found == ()


def test_our_id_does_not_take_a_linked_account_over_either() -> None:
    """Even an account bearing our id stays with the person it is linked to."""
    correlation = looked(account("1", external_id=OURS), elsewhere=("1",))

    assert correlation.taken


def test_a_taken_match_ends_the_search() -> None:
    """A weaker attribute is not tried once a stronger one led to somebody else."""
    correlation = looked(
        account("1", userName="ana.ruiz"), account("2", email="ana@acme.example"), elsewhere=("1",)
    )

    assert correlation.taken


def test_a_free_match_beside_a_taken_one_is_the_match() -> None:
    """Two people may share a value; the account nobody holds is recognised, the other one is named."""
    free = account("1", email="ana@acme.example")
    held = account("2", email="ana@acme.example")

    correlation = looked(free, held, elsewhere=("2",))

    assert (correlation.match, correlation.withheld) == (free, (held,))


def test_a_foreign_external_id_makes_a_match_unsure() -> None:
    """An account that another system or person claims is put to a person, not matched."""
    foreign = account("1", external_id="00u1", userName="ana.ruiz")

    correlation = looked(foreign)

    assert correlation.unsure
    assert correlation.match is None
    assert correlation.found == (foreign,)


def test_an_empty_external_id_claims_nothing() -> None:
    """Applications that show an unset externalId as an empty text are not taken at their word."""
    assert looked(account("1", external_id="", userName="ana.ruiz")).match is not None


def test_unset_values_recognise_nobody() -> None:
    """A person without an e-mail address is not every account without an e-mail address."""
    nobody: tuple[Attributes, ...] = (
        {},
        {"email": None},
        {"email": ""},
        {"email": " "},
        {"email": True},
        {"email": ()},
    )
    accounts = [
        account("1"),
        account("2", email=None),
        account("3", email=""),
        account("4", email=" "),
        account("5", email=True),
        account("6", email=()),
    ]

    assert [looked(*accounts, wanted=wanted) for wanted in nobody] == [Correlation()] * len(nobody)


def test_numbers_match_their_text() -> None:
    """An employee number is the same whether an application keeps it as text or as a number."""
    found = looked(account("1", number=1001), wanted={"number": "1001"}, match_on=("number",))

    assert found.match is not None


def test_nothing_alike_is_no_match() -> None:
    """No candidate that shares anything: nothing found, nothing to ask."""
    correlation = looked(account("1", userName="jonas"))

    assert correlation == Correlation()
    assert not correlation.asks
