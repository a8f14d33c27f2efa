"""Values become column values and come back as they were."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.db import (
    FOREVER,
    Statement,
    Transaction,
    decode,
    encode,
    from_micros,
    micros,
    new_id,
    open_database,
)
from muster.db.columns import refuse_nul
from muster.model import BadInput

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
EXACT = 2**53  # JSON numbers beyond it need not survive anywhere (RFC 8259 §6)
NUMBERS = st.integers(-EXACT, EXACT) | st.floats(-EXACT, EXACT)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
LAST = datetime(2255, 1, 1)  # noqa: DTZ001 - Hypothesis adds the zone
TIMES = st.datetimes(max_value=LAST, timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-7))))


@given(JSON)
def test_json_comes_back_as_it_was(value: object) -> None:
    """``decode`` of ``encode`` is the value."""
    assert decode(encode(value)) == value


@given(st.lists(TEXTS | st.just("\\u0000") | st.just("a\\"), max_size=5))
def test_what_only_looks_like_nul_is_kept(texts: list[str]) -> None:
    """A text that spells the escape sequence is no NUL."""
    assert decode(encode({"said": texts})) == {"said": texts}


@given(JSON, st.sampled_from(["\x00", "before\x00after", "\\u0000\x00"]), st.integers(0, 2))
def test_nul_is_refused_wherever_it_stands(value: object, text: str, place: int) -> None:
    """In a value, in a list, in the name of a member: no column can hold it."""
    holder = [{"v": text, "w": value}, [value, (text,)], {text: value}][place]

    with pytest.raises(BadInput) as caught:
        encode(holder)

    assert caught.value.problem.code == "MUSTER-INPUT-NUL"


@given(st.lists(st.none() | st.integers() | TEXTS))
def test_parameters_without_nul_pass(parameters: list[object]) -> None:
    """Only NUL is refused."""
    refuse_nul(parameters)


def test_nothing_is_the_value_of_an_empty_column() -> None:
    """NULL and JSON's null are both None."""
    assert (decode(None), decode("null")) == (None, None)


@given(TIMES)
def test_times_come_back_to_the_microsecond(at: datetime) -> None:
    """A time is the same instant after it was stored, in UTC."""
    back = from_micros(micros(at))

    assert back == at
    assert back.tzinfo is UTC


@given(TIMES, TIMES)
def test_stored_times_are_ordered_as_times_are(one: datetime, other: datetime) -> None:
    """The database may compare them, and forever is later than every one of them."""
    assert (one < other) == (micros(one) < micros(other))
    assert micros(one) < FOREVER


def test_ids_are_new_and_in_the_order_of_their_making() -> None:
    """No two are the same, and those of a later millisecond come later (RFC 9562 §5.7)."""
    ids = [new_id() for _ in range(5_000)]

    assert len(set(ids)) == len(ids)
    assert [made[:13] for made in ids] == sorted(made[:13] for made in ids)
    assert {made[14] for made in ids} == {"7"}
    assert {made[19] for made in ids} <= set("89ab")


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.dictionaries(TEXTS, JSON, max_size=4), min_size=1, max_size=20))
async def test_a_json_column_gives_back_what_was_stored(database_url: str, values: list[object]) -> None:
    """Also where the database takes the value apart (JSONB): the same value, whatever the order of names."""
    db = await open_database(database_url, migrate=True)

    async def store(tx: Transaction) -> None:
        await tx.run(_CLEAR)
        await tx.run_many(_PUT, [{"name": str(n), "value": encode(value)} for n, value in enumerate(values)])

    await db.write(store)
    rows = await db.read(lambda tx: tx.all(_GET))
    await db.close()

    assert {int(row["name"]): decode(row["condition"]) for row in rows} == dict(enumerate(values))


_CLEAR = Statement("DELETE FROM rules")
_PUT = Statement(
    "INSERT INTO rules (tenant, name, app, condition, created_at) VALUES ('t', :name, 'a', :value, 0)"
)
_GET = Statement("SELECT name, condition FROM rules")
