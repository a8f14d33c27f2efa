"""Attributes of an operator's own are held to their characteristics, as the built-in ones are."""

import pytest

from muster.scim.builtin import USER, USER_URN
from muster.scim.errors import InvalidValue, Mutability, ScimError
from muster.scim.extending import custom_schema, extended
from muster.scim.patch import apply
from muster.scim.patch_request import Operation, Verb
from muster.scim.schema import ResourceType
from muster.scim.validate import validate
from muster.scim.values import JsonValue, Resource

URN = "urn:acme:scim:schemas:staff:1.0:User"
DOCUMENT: Resource = {
    "id": URN,
    "attributes": [
        {"name": "badge", "required": True, "mutability": "immutable"},
        {"name": "floor", "type": "integer"},
        {"name": "level", "mutability": "readOnly"},
        {"name": "pin", "mutability": "writeOnly"},
        {
            "name": "locker",
            "type": "complex",
            "subAttributes": [{"name": "number"}, {"name": "code", "mutability": "writeOnly"}],
        },
        {
            "name": "cars",
            "type": "complex",
            "multiValued": True,
            "subAttributes": [{"name": "plate"}, {"name": "key", "mutability": "writeOnly"}],
        },
    ],
}
STAFF = extended(USER, [custom_schema(DOCUMENT)])


def person(**own: JsonValue) -> Resource:
    """A user with these attributes in the extension; none without the extension."""
    return {"schemas": [USER_URN], "userName": "ana", **({URN: own} if own else {})}


def own(resource: Resource) -> JsonValue:
    """What the extension holds."""
    return resource.get(URN)


def patched(
    resource: Resource, verb: Verb, path: str, value: JsonValue = None, types: ResourceType = STAFF
) -> JsonValue:
    """What the extension holds after one operation."""
    return own(apply(resource, [Operation(verb=verb, path=path, value=value)], types))


def test_what_is_only_written_is_checked_and_dropped() -> None:
    """A secret is no part of a resource, wherever it stands and by whatever operation it comes."""
    ana = validate(person(badge="b1", pin="1", locker={"number": "7", "code": "1"}), STAFF)

    assert {"badge": "b1", "locker": {"number": "7"}} == own(ana)
    assert own(ana) == patched(ana, Verb.ADD, f"{URN}:pin", "1")
    assert own(ana) == patched(ana, Verb.REPLACE, f"{URN}:locker.code", "1")
    assert own(ana) == patched(ana, Verb.ADD, URN, {"pin": "1", "locker": {"code": "1"}})
    with pytest.raises(InvalidValue):
        patched(ana, Verb.REPLACE, f"{URN}:locker.code", 5)


def test_a_secret_of_an_element_is_dropped_too() -> None:
    """Also where a filter leads to it."""
    ana = validate(person(badge="b1", cars=[{"plate": "HH 1", "key": "k"}]), STAFF)

    assert {"badge": "b1", "cars": [{"plate": "HH 1"}]} == own(ana)
    assert own(ana) == patched(ana, Verb.REPLACE, f'{URN}:cars[plate eq "HH 1"].key', "k")


def test_what_clients_may_not_set_stays() -> None:
    """A value from the time before the attribute was read-only outlives PUT and cannot be patched away."""
    before = {**person(badge="b1", level="5"), "schemas": [USER_URN, URN]}
    put = validate(person(badge="b1", level="9"), STAFF, replacing=before)

    assert {"badge": "b1", "level": "5"} == own(put)
    assert {"badge": "b1", "level": "5"} == own(validate(person(), STAFF, replacing=before))
    for verb in (Verb.REPLACE, Verb.REMOVE):
        with pytest.raises(Mutability):
            patched(before, verb, f"{URN}:level", "9")
    with pytest.raises(Mutability):
        patched(before, Verb.REMOVE, URN)


def test_what_is_set_for_good_stays() -> None:
    """An immutable value is carried over where it is not given, and refused where it is another."""
    ana = validate(person(badge="b1", floor=3), STAFF)

    assert {"badge": "b1"} == own(validate(person(), STAFF, replacing=ana))
    with pytest.raises(Mutability):
        validate(person(badge="b2"), STAFF, replacing=ana)
    with pytest.raises(Mutability):
        patched(ana, Verb.REPLACE, f"{URN}:badge", "b2")


def test_an_extension_is_never_half_there() -> None:
    """What an extension requires must come with the first of its values, by POST as by PATCH."""
    bare = validate(person(), STAFF)
    with pytest.raises(InvalidValue):
        validate(person(floor=3), STAFF)
    with pytest.raises(InvalidValue) as caught:
        patched(bare, Verb.ADD, f"{URN}:floor", 3)

    assert f"{URN}:badge" == caught.value.path
    both = [
        Operation(verb=Verb.ADD, path=f"{URN}:floor", value=3),
        Operation(verb=Verb.ADD, path=f"{URN}:badge", value="b1"),
    ]
    assert {"floor": 3, "badge": "b1"} == own(apply(bare, both, STAFF))


def test_a_required_extension_cannot_go() -> None:
    """Neither as a whole nor with its last attribute, nor be missing when the user is made."""
    types = extended(
        USER, [custom_schema({"id": URN, "extends": {"User": "required"}, "attributes": [{"name": "a"}]})]
    )
    ana = validate(person(a="x"), types)
    for path in (URN, f"{URN}:a"):
        with pytest.raises(ScimError):
            patched(ana, Verb.REMOVE, path, types=types)
    for replacing in (None, ana):
        with pytest.raises(InvalidValue) as caught:
            validate(person(), types, replacing=replacing)

        assert URN == caught.value.path
