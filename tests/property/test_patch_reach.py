"""A change of a group does the same whether all its members are looked at or only those it can reach."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from muster.scim.errors import ScimError
from muster.scim.patch import apply
from muster.scim.patch_reach import members_reached
from muster.scim.patch_request import PATCH_URN, parse_request
from muster.scim.values import Resource
from muster.service.scim_types import GROUP

IDS = ["a1", "b2", "c3", "d4", "e5"]
MEMBERS = st.lists(st.sampled_from(IDS), unique=True)
NAMED = st.sampled_from([*IDS, "A1", "B2", "zz", ""])
ELEMENTS = (
    NAMED
    | st.fixed_dictionaries(
        {"value": NAMED}, optional={"type": st.sampled_from(["User", "Group"]), "$ref": st.none() | NAMED}
    )
    | st.fixed_dictionaries({"VALUE": NAMED})
    | st.fixed_dictionaries({"display": NAMED})
    | st.sampled_from([None, 1, {}])
)
LISTED = st.lists(ELEMENTS, max_size=3) | ELEMENTS
FILTERS = st.sampled_from(
    [
        'value eq "a1"',
        'VALUE eq "B2"',
        'value eq "a1" or value eq "zz"',
        'value ne "a1"',
        'value sw "a"',
        'type eq "User"',
        'not (value eq "a1")',
        'value eq "a1" and type eq "User"',
        "value pr",
    ]
)
PATHS = st.sampled_from(
    [
        "members",
        "MEMBERS",
        "urn:ietf:params:scim:schemas:core:2.0:Group:members",
        "members.value",
        "displayName",
        "nonsense",
    ]
) | FILTERS.map(lambda text: f"members[{text}]")
KEYED = st.dictionaries(PATHS, LISTED | st.just("New name"), max_size=2) | st.sampled_from(
    ['{"members": [{"value": "a1"}]}', "x"]
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove", "Add", "Replace", "Remove"])},
    optional={"path": PATHS, "value": LISTED | KEYED},
)
REQUESTS = st.lists(OPERATIONS, min_size=1, max_size=3)


@given(members=MEMBERS, operations=REQUESTS)
def test_what_is_not_reached_does_not_matter(members: list[str], operations: list[dict[str, Any]]) -> None:
    """Applied to the reached members alone, operations add and remove the same and are refused the same."""
    try:
        parsed = parse_request({"schemas": [PATCH_URN], "Operations": operations})  # type: ignore[dict-item]
    except ScimError:
        return
    reached = members_reached(parsed, GROUP)
    few = [one for one in members if reached is None or one in reached]

    assert _change(members, parsed) == _change(few, parsed)


def _change(members: list[str], operations: Any) -> tuple[object, ...]:  # noqa: ANN401
    """What the operations make of a group: who comes, who goes, its name; or how they are refused."""
    before = _group(members)
    try:
        after = apply(before, operations, GROUP)
    except ScimError as error:
        return type(error), error.path
    now = {str(one["value"]) for one in after.get("members", [])}  # type: ignore[union-attr, index, call-overload]
    return now - set(members), set(members) - now, after["displayName"]


def _group(members: list[str]) -> Resource:
    listed = [{"value": one, "$ref": f"https://a.example/Users/{one}", "type": "User"} for one in members]
    group: Resource = {"schemas": [GROUP.schema.urn], "displayName": "Team"}
    return group | ({"members": [*listed]} if listed else {})
