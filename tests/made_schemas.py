"""Any schema an operator may define, and any content that is valid under it, for property tests."""

import base64
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from muster.scim.extending import CustomSchema
from muster.scim.schema import Attribute, Mutability, Returned, Schema, Type, Uniqueness
from muster.scim.values import JsonValue, Resource

NAMES = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_-]{0,7}\Z").filter(lambda name: name.lower() != "schemas")
URNS = st.from_regex(r"\Aurn:acme(:[a-z0-9][a-z0-9.]{0,5}){1,3}:Own\Z")
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
WORDS = TEXTS.filter(bool)
SENTENCES = WORDS
SIMPLE = [kind for kind in Type if kind is not Type.COMPLEX]
KEPT = {Mutability.READ_WRITE, Mutability.IMMUTABLE}

_SINGLE: dict[Type, st.SearchStrategy[JsonValue]] = {
    Type.STRING: WORDS,  # an empty text is no value, unless a source is configured otherwise
    Type.BOOLEAN: st.booleans(),
    Type.DECIMAL: st.integers(-(2**40), 2**40).map(lambda number: number / 64),
    Type.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Type.DATE_TIME: st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1)).map(  # noqa: DTZ001 - the zone follows
        lambda at: at.replace(tzinfo=UTC).isoformat()
    ),
    Type.BINARY: st.binary(min_size=1, max_size=9).map(lambda data: base64.b64encode(data).decode()),
    Type.REFERENCE: WORDS,
}


@st.composite
def attributes(draw: st.DrawFn, kinds: list[Type], *, below: bool = False) -> Attribute:
    """One attribute whose characteristics do not contradict each other."""
    kind = draw(st.sampled_from(kinds))
    mutability = draw(st.sampled_from(Mutability))
    multi_valued = draw(st.booleans())
    can_be_unique = not below and not multi_valued and kind in {Type.STRING, Type.INTEGER, Type.REFERENCE}
    return Attribute(
        name=draw(NAMES),
        type=kind,
        multi_valued=multi_valued,
        description=draw(SENTENCES),
        required=mutability in KEPT and draw(st.booleans()),
        case_exact=draw(st.booleans()),
        mutability=mutability,
        returned=Returned.NEVER if mutability is Mutability.WRITE_ONLY else draw(st.sampled_from(Returned)),
        uniqueness=draw(st.sampled_from([Uniqueness.NONE, Uniqueness.SERVER]))
        if can_be_unique and mutability is not Mutability.WRITE_ONLY
        else Uniqueness.NONE,
        canonical_values=tuple(draw(st.lists(TEXTS, max_size=2))),
        reference_types=tuple(draw(st.lists(WORDS, max_size=2))) if kind is Type.REFERENCE else (),
        sub_attributes=draw(_several(SIMPLE, below=True)) if kind is Type.COMPLEX else (),
    )


def _several(kinds: list[Type], *, below: bool = False) -> st.SearchStrategy[tuple[Attribute, ...]]:
    found = st.lists(
        attributes(kinds, below=below), min_size=1, max_size=4, unique_by=lambda one: one.name.lower()
    )
    return found.map(tuple)


@st.composite
def custom_schemas(draw: st.DrawFn) -> CustomSchema:
    """A schema of the operator's own."""
    schema = Schema(
        urn=draw(URNS),
        name=draw(SENTENCES),
        description=draw(SENTENCES),
        attributes=draw(_several(list(Type))),
    )
    extends = draw(st.dictionaries(st.sampled_from(["User", "Group"]), st.booleans(), min_size=1))
    return CustomSchema(schema=schema, extends=extends)


@st.composite
def contents(draw: st.DrawFn, schema: Schema) -> Resource:
    """What an extension of this schema may hold, in the form in which it is kept."""
    return draw(_parts(schema.attributes))


def _parts(known: tuple[Attribute, ...]) -> st.SearchStrategy[Resource]:
    kept = [one for one in known if one.mutability in KEPT]
    must = {one.name: _value(one) for one in kept if one.required}
    may = {one.name: _value(one) for one in kept if not one.required}
    # A multi-valued or complex attribute of which nothing is left is unassigned.
    filled = st.fixed_dictionaries(must, optional=may)
    return filled.map(
        lambda parts: {name: part for name, part in parts.items() if part not in ([], {})}
    ).filter(lambda parts: all(name in parts for name in must))


def _value(attribute: Attribute) -> st.SearchStrategy[Any]:
    single = _parts(attribute.sub_attributes) if attribute.type is Type.COMPLEX else _SINGLE[attribute.type]
    if not attribute.multi_valued:
        return single
    listed = st.lists(single.filter(lambda one: one != {}), max_size=3, unique_by=_identity)
    return listed.filter(lambda items: sum(_is_primary(item) for item in items) <= 1)


def _identity(item: JsonValue) -> str:
    """Elements of one value are one element, whatever else they say (RFC 7643 §2.4)."""
    if isinstance(item, dict) and isinstance(item.get("value"), str):
        return f"value {item['value']}"
    return f"{type(item)} {sorted(item.items()) if isinstance(item, dict) else item}"


def _is_primary(item: JsonValue) -> bool:
    return isinstance(item, dict) and item.get("primary") is True
