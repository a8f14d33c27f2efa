"""``muster schema``: what an operator types to define attributes, and what is told."""

from pathlib import Path

import pytest

from terminal import Terminal

URN = "urn:acme:scim:schemas:staff:1.0:User"
STAFF = f"""
id: {URN}
name: Staff
extends: {{User: optional}}
attributes:
  - {{name: badge, uniqueness: server, description: The one at the door}}
  - name: cars
    type: complex
    multiValued: true
    subAttributes:
      - {{name: plate, required: true}}
      - {{name: key, mutability: writeOnly}}
"""


def written(muster: Terminal, text: str, name: str = "staff.yaml") -> str:
    """A file with this text."""
    path = muster.folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_schema_from_file_to_removal(muster: Terminal) -> None:
    """It is defined, listed, shown, given on as JSON, changed and removed."""
    added = muster.done("schema", "add", written(muster, STAFF))
    listed, shown = muster.done("schema", "list"), muster.done("schema", "show", URN.upper())
    document = muster.done("schema", "show", URN, "--json")
    again = muster.done("schema", "add", written(muster, document.out, "staff.json"), "--json")
    removed = muster.done("schema", "remove", URN)

    assert URN in added.out
    assert all(word in listed.out for word in (URN, "Staff", "User", "2"))
    assert all(
        word in shown.out for word in ("badge", "unique", "The one at the door", "cars.plate", "required")
    )
    assert {"id": URN, "extends": {"User": "optional"}}.items() <= document.data.items()
    assert {**document.data, "reshaped": 0} == again.data
    assert URN in removed.out
    assert [] == muster.done("schema", "list", "--json").data
    assert ["schema:remove", "schema:add"] == [one["action"] for one in muster.done("log", "--json").data][
        ::-1
    ]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (STAFF.replace("multiValued", "multivalued"), "line 9, column 18, attributes[1].multivalued"),
        (STAFF.replace("complex", "complicated"), "line 8, column 11, attributes[1].type"),
        (STAFF.replace("server", "global"), "line 6, column 31, attributes[0].uniqueness"),
        (STAFF.replace("required: true", "required: yes"), "attributes[1].subAttributes[0].required"),
        (STAFF.replace("User: optional", "Device: optional"), "line 4, column 19, extends.Device"),
        (STAFF.replace("id: ", "uri: "), "line 2, column 6, uri"),
        (STAFF.replace("name: badge", "nam: badge"), "attributes[0].nam"),
        (STAFF.replace(URN, "staff"), "line 2, column 5, id"),
        ("- a\n- b", "names and values are expected"),
        ("id: urn:acme:staff:User\nattributes: {name: badge}", "line 2, column 13, attributes"),
        ("id: urn:acme:staff:User\nattributes: [badge]", "attributes[0]"),
        ("id: urn:acme:staff:User\nattributes: [{name: 2026-01-01}]", "attributes[0].name"),
        ("id: [", "not YAML"),
    ],
)
def test_a_broken_schema_is_told_with_its_place(muster: Terminal, broken: str, says: str) -> None:
    """Line, column and path of what is wrong, and nothing is defined."""
    told = muster("schema", "add", written(muster, broken))

    assert (told.code, told.out) == (4, "")
    assert "MUSTER-SCHEMA" in told.err
    assert says in told.err
    assert [] == muster.done("schema", "list", "--json").data


def test_what_cannot_be_read_or_found_is_told(muster: Terminal) -> None:
    """A file that is not there, one that is no text, and a schema nobody defined."""
    Path(muster.folder / "binary").write_bytes(b"\xff\xfe\x00")
    for words, code in (
        (("add", str(muster.folder / "nothing.yaml")), "MUSTER-FILE"),
        (("add", str(muster.folder / "binary")), "MUSTER-FILE"),
        (("show", URN), "MUSTER-SCHEMA-UNKNOWN"),
        (("remove", URN), "MUSTER-SCHEMA-UNKNOWN"),
    ):
        told = muster("schema", *words)

        assert (4, "") == (told.code, told.out)
        assert code in told.err
