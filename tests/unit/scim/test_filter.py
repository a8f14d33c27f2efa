import pytest

from muster.scim.errors import InvalidFilter, InvalidPath
from muster.scim.filter import (
    And,
    Compare,
    Filter,
    Not,
    Op,
    Or,
    Present,
    ValuePath,
    all_of,
    any_of,
    compare,
    present,
    quote,
    render,
    where,
    with_plain_names,
)
from muster.scim.grammar import Limits, parse, parse_path_text

RFC_EXAMPLES = [
    'userName eq "bjensen"',
    '''name.familyName co "O'Malley"''',
    'userName sw "J"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"',
    "title pr",
    'meta.lastModified gt "2011-05-13T04:42:34Z"',
    'meta.lastModified ge "2011-05-13T04:42:34Z"',
    'meta.lastModified lt "2011-05-13T04:42:34Z"',
    'meta.lastModified le "2011-05-13T04:42:34Z"',
    'title pr and userType eq "Employee"',
    'title pr or userType eq "Intern"',
    'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
    'userType eq "Employee" and (emails.type eq "work")',
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
]
A, B, C = present("a"), present("b"), present("c")


@pytest.mark.parametrize("text", RFC_EXAMPLES)
def test_every_example_of_the_rfc_parses(text: str) -> None:
    """The filters of RFC 7644 figure 2 parse, and their text survives the round trip in meaning."""
    ast = parse(text)

    assert ast == parse(render(ast))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a pr and b pr or c pr", Or(terms=(And(terms=(A, B)), C))),
        ("a pr or b pr and c pr", Or(terms=(A, And(terms=(B, C))))),
        ("(a pr or b pr) and c pr", And(terms=(Or(terms=(A, B)), C))),
        ("not (a pr) and b pr", And(terms=(Not(term=A), B))),
        ("a pr and b pr and c pr", And(terms=(A, B, C))),
        ("((a pr))", A),
        ("not (not (a pr))", Not(term=Not(term=A))),
        ("NOT(a pr) OR b PR", Or(terms=(Not(term=A), B))),
        ("not pr", present("not")),
        ("a[b pr]", where("a", B)),
        ("a[not (b pr) or c pr]", where("a", Or(terms=(Not(term=B), C)))),
        ('a[b pr].c eq "x"', where("a", And(terms=(B, compare("c", Op.EQ, "x"))))),
        ("a[b pr].c pr", where("a", And(terms=(B, C)))),
        (" \ta pr\r\n", A),
    ],
)
def test_precedence_and_grouping(text: str, expected: Filter) -> None:
    """Grouping binds first, then not, then and, then or (RFC 7644 §3.4.2.2)."""
    assert expected == parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"a\"b\\c\u00e9\n"', 'a"b\\cé\n'),
        ('"x) or (userName pr"', "x) or (userName pr"),
        ('""', ""),
        ("12", 12),
        ("-1.5e3", -1500.0),
        ("true", True),
        ("False", False),
        ("null", None),
    ],
)
def test_literals_are_json(text: str, expected: object) -> None:
    """Strings with escapes, numbers, booleans and null are read as JSON reads them."""
    ast = parse(f"a eq {text}")

    assert isinstance(ast, Compare)
    assert (type(expected), expected) == (type(ast.value), ast.value)


@pytest.mark.parametrize("op", list(Op))
def test_operators_are_case_insensitive(op: Op) -> None:
    """Every comparison of table 3 is read in any case."""
    assert compare("a", op, 1) == parse(f"a {op.upper()} 1")


def test_no_space_is_needed_before_a_string() -> None:
    """RFC 7644 §3.5.2.2 itself writes an operator and its string without a space."""
    assert compare("value", Op.EQ, "2819") == parse('value eq"2819"')


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("a", 1),
        ("a eq", 4),
        ("a regex 1", 2),
        ("a eq b", 5),
        ("a eq 01", 5),
        ("a eq +1", 5),
        ('a eq "x', 5),
        (r'a eq "\x"', 5),
        ('a eq "\t"', 5),
        ("a eq 1e999", 5),
        ("a pr b pr", 5),
        ("a pr and", 8),
        ("(a pr", 5),
        ("a pr)", 4),
        ("not a pr", 4),
        ("a[b pr", 6),
        ("a[]", 2),
        ("a[b[c pr]]", 3),
        ("1a pr", 0),
        ('"a" eq 1', 0),
        ("a.b.c pr", 0),
        ("\N{NO-BREAK SPACE}a pr", 0),
        ("a eq (1)", 5),
    ],
)
def test_what_is_not_a_filter_is_refused_with_its_position(text: str, position: int) -> None:
    """An error is an invalidFilter and knows the character at which reading failed."""
    with pytest.raises(InvalidFilter) as caught:
        parse(text)

    assert position == caught.value.position


def test_an_unknown_operator_is_named() -> None:
    """The message names the operator that is not supported and those that are."""
    with pytest.raises(InvalidFilter, match=r"expected one of pr, eq, ne.*found 'regex'"):
        parse('userName regex "x"')


@pytest.mark.parametrize(
    "text",
    [
        'a eq "' + "x" * 5000 + '"',
        "(" * 40 + "a pr" + ")" * 40,
        " or ".join(["a pr"] * 201),
        "a eq " + "9" * 65,
        "a eq 9223372036854775808",
        r'a eq "\ud800"',
        r'a eq "\u0000"',
    ],
)
def test_limits_hold(text: str) -> None:
    """Length, nesting, number of comparisons, size of numbers and characters are bounded."""
    with pytest.raises(InvalidFilter):
        parse(text)


def test_limits_are_arguments() -> None:
    """A caller may read larger filters."""
    text = "(" * 40 + "a pr" + ")" * 40

    assert A == parse(text, limits=Limits(depth=40))


def test_a_value_cannot_break_out_of_its_quotes() -> None:
    """A filter is built from values, so text that looks like a filter stays text."""
    hostile = 'x" or userName pr or userName eq "'
    text = render(compare("userName", Op.EQ, hostile))

    assert compare("userName", Op.EQ, hostile) == parse(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\x00", "\ud800", 2**63])
def test_what_json_cannot_carry_is_refused_when_built(value: float | str) -> None:
    """A filter that exists can always be sent."""
    with pytest.raises(InvalidFilter):
        compare("a", Op.EQ, value)
    with pytest.raises(InvalidFilter):
        quote(value)


def test_builders_refuse_what_the_grammar_lacks() -> None:
    """One-term conjunctions and nested value paths have no text, so they cannot be built."""
    with pytest.raises(ValueError, match="two terms"):
        And(terms=(A,))
    with pytest.raises(ValueError, match="two terms"):
        Or(terms=())
    with pytest.raises(InvalidFilter):
        where("a", any_of(B, Not(term=where("b", C))))
    with pytest.raises(InvalidPath):
        present("a b")


def test_builders_join_terms() -> None:
    """A single term is itself; several are a conjunction or a disjunction."""
    assert A is all_of(A)
    assert "a pr and (b pr or c pr)" == render(all_of(A, any_of(B, C)))


def test_paths_have_their_own_grammar() -> None:
    """A PATCH path is an attribute, or a selection of elements with at most one sub-attribute after it."""
    path = parse_path_text('addresses[type eq "work"].streetAddress')

    assert ("addresses", compare("type", Op.EQ, "work"), "streetAddress") == (
        path.attribute.name,
        path.filter,
        path.sub,
    )


@pytest.mark.parametrize("text", ["", "[a pr]", "a[b pr]c", "a[b pr].c.d pr", "a b[c pr]", '"a"[b pr]'])
def test_malformed_paths_are_refused(text: str) -> None:
    """What does not follow RFC 7644 figure 7 is an invalidPath."""
    with pytest.raises(InvalidPath):
        parse_path_text(text)


def test_value_path_type() -> None:
    """A value path keeps the attribute and the filter apart."""
    ast = parse('emails[type eq "work"]')

    assert isinstance(ast, ValuePath)
    assert isinstance(ast.filter, Compare)
    assert not isinstance(ast.filter, Present)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('userName eq "A"', 'USERNAME eq "A"'),
        (
            'not (emails[TYPE eq "x" and Value pr]) or Title pr',
            'not (EMAILS[type EQ "x" and value pr]) or title pr',
        ),
        ('urn:a:B:name.Given sw "x"', 'URN:A:b:Name.given sw "x"'),
    ],
)
def test_names_in_any_letter_case_are_the_same_filter(one: str, other: str) -> None:
    """RFC 7644 §3.4.2.2: only the values of a filter may count by letter case."""
    assert parse(one) != parse(other)
    assert with_plain_names(parse(one)) == with_plain_names(parse(other))


def test_values_keep_their_letter_case() -> None:
    """What is compared is no name: whether its case counts is for the attribute to say."""
    assert with_plain_names(parse('userName eq "A"')) != with_plain_names(parse('userName eq "a"'))
