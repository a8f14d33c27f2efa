"""What holds for every filter: text and value agree, and no text is worse than a 400."""

from hypothesis import given
from hypothesis import strategies as st

from muster.scim.builtin import USER
from muster.scim.errors import BadRequest, InvalidFilter, ScimError
from muster.scim.filter import And, Compare, Filter, Not, Op, Or, Present, ValuePath, render
from muster.scim.grammar import Limits, parse
from muster.scim.matching import predicate
from muster.scim.notation import AttributeName
from muster.scim.path import parse_path, read, write

WIDE = Limits(length=10**6, comparisons=10**4, depth=100)
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
NAMES = st.from_regex(r"\$?[A-Za-z][A-Za-z0-9_$-]{0,8}", fullmatch=True)
ATTRIBUTES = st.builds(
    AttributeName,
    urn=st.none() | st.sampled_from(["urn:a:b", "http://x.example/2.0/Group", USER.schema.urn]),
    name=NAMES,
    sub=st.none() | NAMES,
)
LITERALS = (
    TEXT
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
LEAVES: st.SearchStrategy[Filter] = st.builds(
    Compare, attribute=ATTRIBUTES, op=st.sampled_from(Op), value=LITERALS
) | st.builds(Present, attribute=ATTRIBUTES)


def joined(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    """Combine filters with not, and, or."""
    terms = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.builds(Not, term=inner) | st.builds(And, terms=terms) | st.builds(Or, terms=terms)


WITHOUT_BRACKETS = st.recursive(LEAVES, joined, max_leaves=8)
FILTERS = st.recursive(
    LEAVES | st.builds(ValuePath, attribute=ATTRIBUTES, filter=WITHOUT_BRACKETS), joined, max_leaves=8
)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "userName",
            "emails",
            "[",
            "]",
            "(",
            ")",
            "not",
            "and",
            "or",
            "eq",
            "pr",
            '"x"',
            "true",
            ".value",
            "active",
            " ",
        ]
    )
    | TEXT
).map(" ".join)


@given(FILTERS)
def test_what_is_rendered_parses_to_the_same_filter(ast: Filter) -> None:
    """For every filter that can be built, parse(render(ast)) is the filter."""
    parsed = parse(render(ast), limits=WIDE)

    assert ast == parsed
    assert repr(ast) == repr(parsed)


@given(FRAGMENTS | st.text())
def test_no_text_is_worse_than_an_invalid_filter(text: str) -> None:
    """Any text either parses to a filter that renders and parses again, or is refused as invalidFilter."""
    try:
        ast = parse(text)
    except InvalidFilter:
        return

    assert ast == parse(render(ast), limits=WIDE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
KNOWN = st.sampled_from(
    [
        "userName",
        "active",
        "emails",
        "name",
        "meta",
        "schemas",
        "x509Certificates",
        USER.extensions[0].schema.urn,
    ]
)
RESOURCES = st.dictionaries(
    KNOWN,
    JSON
    | st.dictionaries(st.sampled_from(["value", "type", "primary", "created", "manager"]), JSON)
    | st.lists(st.dictionaries(st.sampled_from(["value", "type", "primary"]), JSON), max_size=3),
)
TESTS = st.sampled_from(
    [
        'userName eq "x" or userName gt "y"',
        "active ne true",
        'emails[type eq "work" and not (primary eq true)]',
        'meta.created le "2020-01-01T00:00:00Z" or meta pr',
        'schemas co "x" or schemas[value pr]',
        'manager ne "x" or manager pr',
        'x509Certificates.value eq "x"',
    ]
)


@given(TESTS, RESOURCES)
def test_a_predicate_answers_for_any_resource(text: str, resource: dict[str, object]) -> None:
    """Whatever JSON is stored, a filter answers yes or no, and its negation answers the opposite."""
    ast = parse(text)
    answer = predicate(ast, USER)(resource)

    assert answer is not predicate(Not(term=ast), USER)(resource)


PATHS = st.sampled_from(
    [
        "userName",
        "name.givenName",
        "department",
        "manager",
        'emails[type eq "work"].value',
        'emails[type eq "work" and primary eq true].display',
        'phoneNumbers[type ne "fax"].value',
    ]
)


@given(RESOURCES, PATHS, TEXT)
def test_what_is_written_is_read(resource: dict[str, object], text: str, value: str) -> None:
    """Reading after writing gives the value, or the write was refused; the input never changes."""
    path, before = parse_path(text), repr(resource)
    try:
        written = write(resource, path, value)
    except ScimError:
        assert before == repr(resource)
        return

    assert value == read(written, path)
    assert before == repr(resource)


@given(st.text() | FRAGMENTS)
def test_no_text_is_worse_than_an_invalid_path(text: str) -> None:
    """Any text either is a path that prints and parses again, or is refused as a 400."""
    try:
        path = parse_path(text)
    except BadRequest:
        return

    assert path == parse_path(str(path))
