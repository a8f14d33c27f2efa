"""The SCIM connector's mapping: what goes out comes back, and no answer of an application breaks it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import muster.connectors.scim
from muster.connectors.scim.mapping import Change, created, merged, observed, overlaid, patched
from muster.connectors.scim.shape import Shape
from muster.kit.contract import New
from muster.kit.manifest import of
from muster.model import ACCOUNT, Garbled, RemoteId, RemoteObject
from muster.scim import PATCH_URN, USER, apply, parse_request

SHAPE = Shape.of(ACCOUNT, of(muster.connectors.scim).kinds[ACCOUNT])

# What SCIM can carry and databases can keep; an empty text means "not set" and comes back as nothing.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
attributes = st.dictionaries(st.sampled_from(sorted(SHAPE.places)), texts)
# A userName is required (RFC 7643 §4.1.1), so it is never cleared.
changes = st.dictionaries(st.sampled_from(sorted(SHAPE.places)), st.none() | texts).filter(
    lambda changed: changed.get("userName", "") is not None
)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
words = st.sampled_from(
    [
        *("id", "externalId", "active", "emails", "name", "meta", "schemas", "userName", "phoneNumbers"),
        *("groups", "type", "value", "primary", "version"),
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    ]
)
hostile = st.dictionaries(
    words, json | st.lists(st.dictionaries(words, json)) | st.dictionaries(words, json), max_size=6
)


def resource(held: dict[str, str], id: str = "1") -> dict[str, Any]:
    """Give an account as an application would hold it."""
    return {**created(SHAPE, New(kind=ACCOUNT, external_id="p1", attributes=held)), "id": id}


def seen(held: dict[str, str]) -> RemoteObject:
    """Give that account as the connector sees it."""
    return observed(SHAPE, resource(held))


def expected(held: dict[str, str], changed: dict[str, str | None]) -> dict[str, str]:
    """Give the attributes after a change."""
    return {name: value for name, value in {**held, **changed}.items() if value is not None}


@given(attributes)
def test_what_is_created_is_seen_as_it_was_meant(held: dict[str, str]) -> None:
    """A resource made from attributes shows exactly these attributes, our id, and that it is in use."""
    assert seen(held) == RemoteObject(
        kind=ACCOUNT, id=RemoteId("1"), attributes=held, active=True, external_id="p1"
    )


@given(attributes, changes, st.none() | st.booleans())
def test_replacing_changes_what_it_names(
    held: dict[str, str], changed: dict[str, str | None], active: bool | None
) -> None:
    """A resource merged with a change shows the change and keeps the rest; merging again changes nothing."""
    change = Change(attributes=changed, active=active)
    once = merged(SHAPE, resource(held), change)

    result = observed(SHAPE, once)
    assert expected(held, changed) == result.attributes
    assert (active is not False) == result.active
    assert once == merged(SHAPE, once, change)


@given(attributes, changes, st.none() | st.booleans())
def test_patching_ends_where_replacing_ends(
    held: dict[str, str], changed: dict[str, str | None], active: bool | None
) -> None:
    """A strict application takes the operations, and holds then what was asked for and all it held before."""
    change = Change(attributes=changed, active=active)
    operations = patched(SHAPE, seen(held), change)
    before = resource(held)
    if operations:
        before = apply(before, parse_request({"schemas": [PATCH_URN], "Operations": operations}), USER)

    result = observed(SHAPE, before)
    assert expected(held, changed) == result.attributes
    assert result == overlaid(seen(held), change, None)


@given(hostile, changes)
def test_no_answer_breaks_the_mapping(answer: dict[str, Any], changed: dict[str, str | None]) -> None:
    """Whatever an application answers is an object or Garbled, and can be merged with a change."""
    try:
        found = observed(SHAPE, answer)
    except Garbled:
        return
    merged(SHAPE, answer, Change(attributes=changed))

    assert found.id
    assert all(isinstance(value, str | bool | int | float | tuple) for value in found.attributes.values())
