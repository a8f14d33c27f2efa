"""YAML read strictly: what people get to read when something is wrong."""

import pytest

from muster.intake.yaml_text import LONGEST, Node, Origin, document
from muster.model import BadInput

ORIGIN = Origin(code="MUSTER-TEST", what="The test cannot be used")


def read(text: str) -> Node:
    """The document in question."""
    return document(text, ORIGIN)


def problem(text: str) -> str:
    """What is said about a text that is refused as a whole."""
    with pytest.raises(BadInput) as caught:
        read(text)
    assert caught.value.problem.code == "MUSTER-TEST"
    return str(caught.value)


def test_values_keep_their_spelling() -> None:
    """A word is what stands in the file, however YAML would understand it."""
    top = read("port: 8080\nday: 2026-11-30\nflag: yes\nhex: 0x10\n").entries()

    assert [node.word() for node in top.values()] == ["8080", "2026-11-30", "yes", "0x10"]


def test_texts_that_look_like_numbers_must_be_quoted() -> None:
    """A number is no text; quoted it is one."""
    assert read("a: '5'").entries()["a"].text() == "5"

    with pytest.raises(BadInput, match=r"line 2, column 4, b.*5 is not a text.*quotes"):
        read("a: x\nb: 5").entries()["b"].text()


def test_an_unknown_name_is_refused_with_its_line_and_the_nearest_known_one() -> None:
    """A typing error is no silent default."""
    with pytest.raises(BadInput, match=r"line 3, column 9, colums\).*did you mean columns\?"):
        read("\n\ncolums: {}").table("columns", "delimiter")


def test_a_missing_name_is_named() -> None:
    """What must be there is asked for."""
    with pytest.raises(BadInput, match="“name” is missing"):
        read("app: chat").table("name", "app", required=["name"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb:\n  c: 2\n  c: 3", r"line 4, column 6, b.c.*stands here twice \(also in line 3\)"),
        ("a: &x [1]\nb: *x", "references"),
        ("a: !!python/object:os.system x", "python/object"),
        ("? [1]\n: 2", "put it in quotes"),
        ("a: [1", "line 1"),
        ("a: 1\n--- \nb: 2", "another document"),
        ("a: \x00", "not YAML"),
        ("[" * 5_000, "nest"),
        ("[" * 40 + "]" * 40, "nest"),
        ("a" * (LONGEST + 1), "longer"),
    ],
)
def test_what_is_no_plain_document_is_refused(text: str, said: str) -> None:
    """Tags, references, doubles, several documents, deep nesting and broken YAML end with a reason."""
    with pytest.raises(BadInput, match=said):
        read(text)


def test_an_empty_document_is_an_empty_table() -> None:
    """Nothing is no mistake of form."""
    assert dict(read("# nothing yet\n").entries()) == {}


@pytest.mark.parametrize(
    ("text", "ask", "said"),
    [
        ("5", lambda node: node.entries(), "names and values"),
        ("5", lambda node: node.items(), "a list"),
        ("[1]", lambda node: node.text(), "a text is expected"),
        ("a", lambda node: node.number(at_least=0), "a number"),
        ("-5", lambda node: node.number(at_least=0), "at least 0"),
        ("0x10", lambda node: node.number(at_least=0), "a number"),
        ("1e3", lambda node: node.plain(), "a number"),
        (".nan", lambda node: node.plain(), "a number"),
        ("2.5", lambda node: node.number(at_least=0, whole=True), "whole number"),
        ("0", lambda node: node.number(at_least=1, whole=True), "at least 1"),
        ("wikki", lambda node: node.choice(["wiki", "chat"]), "did you mean wiki"),
        ("~", lambda node: node.word(), "a value is expected"),
        ("' '", lambda node: node.text(), "not empty"),
    ],
)
def test_each_question_says_what_it_accepts(text: str, ask: object, said: str) -> None:
    """The reason and the next step fit what was asked for."""
    with pytest.raises(BadInput, match=said):
        ask(read(text))  # type: ignore[operator]


def test_numbers_are_read_in_digits() -> None:
    """Whole and broken numbers come back as what they say."""
    assert read("2.5").number(at_least=0) == 2.5
    assert read("7").number(at_least=1, whole=True) == 7


def test_the_problem_is_whole() -> None:
    """Code, what, where, why and what next are all there."""
    assert problem("a: [1").startswith("[MUSTER-TEST] The test cannot be used (line 1")


def test_plain_values_are_what_yaml_1_2_says() -> None:
    """Truth, numbers and texts are told apart; ``yes`` is a text, as it has been since 2009."""
    values = read("[true, -7, 2.5, yes, '5', Acme]").items()

    assert [node.plain() for node in values] == [True, -7, 2.5, "yes", "5", "Acme"]
