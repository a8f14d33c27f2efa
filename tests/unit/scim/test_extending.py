"""Which schemas an operator may define."""

from typing import Any

import pytest

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER, USER_URN
from muster.scim.errors import InvalidValue
from muster.scim.extending import custom_document, custom_schema, extended, unique_attributes
from muster.scim.schema import Returned
from muster.scim.values import Resource

URN = "urn:acme:scim:schemas:staff:1.0:User"


def document(*attributes: Resource, **more: Any) -> Resource:  # noqa: ANN401 - any JSON
    """A schema with these attributes, or with one that has a name only."""
    return {"id": URN, "attributes": list(attributes or ({"name": "badge"},)), **more}


def test_what_is_not_said_has_a_short_default() -> None:
    """A schema extends users and need not be there; names stand in for descriptions."""
    found = custom_schema(document())

    assert {"User": False} == found.extends
    assert (URN, "badge") == (found.schema.description, found.schema.attributes[0].description)


def test_what_is_only_written_is_never_returned() -> None:
    """The characteristic that follows need not be said."""
    found = custom_schema(document({"name": "pin", "mutability": "writeOnly"}))

    assert Returned.NEVER is found.schema.attributes[0].returned


def test_a_document_from_another_server_is_taken_as_it_is() -> None:
    """``schemas`` and ``meta`` of a discovery document are no hindrance."""
    told = document(schemas=["urn:ietf:params:scim:schemas:core:2.0:Schema"], meta={"resourceType": "Schema"})

    assert custom_schema(document()) == custom_schema(told)


def test_a_schema_may_extend_both_types() -> None:
    """Each type says for itself whether it must carry the extension."""
    both = custom_schema(document(extends={"Group": "optional", "User": "required"}))

    assert {"User": True, "Group": False} == both.extends
    assert [True] == [item.required for item in extended(USER, [both]).extensions if item.schema.urn == URN]
    assert [False] == [item.required for item in extended(GROUP, [both]).extensions]
    assert {"User": "required", "Group": "optional"} == custom_document(both)["extends"]


def test_a_type_that_is_not_extended_stays_the_same() -> None:
    """The built-in type itself comes back, so that nothing is compiled for nothing."""
    assert GROUP is extended(GROUP, [custom_schema(document())])


def test_the_unique_attributes_are_those_of_the_server() -> None:
    """Only what says so is unique."""
    found = custom_schema(document({"name": "badge", "uniqueness": "server"}, {"name": "floor"}))

    assert ["badge"] == [attribute.name for attribute in unique_attributes(found.schema)]


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        (None, None),
        (document(id="staff:User"), "id"),
        (document(id="urn:acme"), "id"),
        (document(id="urn:acme:a b"), "id"),
        (document(id="urn:acme:a,b"), "id"),
        (document(id="urn:acme::b"), "id"),
        (document(id=f"urn:acme:{'x' * 250}"), "id"),
        (document(id=USER_URN), "id"),
        (document(id=ENTERPRISE_USER_URN.upper()), "id"),
        (document(id="urn:muster:schemas:extension:lifecycle:2.0:User"), "id"),
        (document(id="urn:ietf:params:scim:api:messages:2.0:PatchOp"), "id"),
        (document(attributes=[]), "attributes"),
        (document(attributes=[{"name": f"a{number}"} for number in range(501)]), "attributes"),
        (document(extends={}), "extends"),
        (document(extends=["User"]), "extends"),
        (document(extends={"Device": "optional"}), "extends.Device"),
        (document(extends={"User": True}), "extends.User"),
        (document(extends={"User": ["optional"]}), "extends.User"),
        (document({"name": "schemas"}), "attributes[0]"),
        (document({"name": "a", "mutability": "readOnly", "required": True}), "attributes[0].required"),
        (document({"name": "a", "mutability": "writeOnly", "required": True}), "attributes[0].required"),
        (document({"name": "a", "mutability": "writeOnly", "returned": "default"}), "attributes[0].returned"),
        (document({"name": "a", "uniqueness": "global"}), "attributes[0].uniqueness"),
        (document({"name": "a", "uniqueness": "server", "multiValued": True}), "attributes[0].uniqueness"),
        (document({"name": "a", "uniqueness": "server", "type": "dateTime"}), "attributes[0].uniqueness"),
        (
            document({"name": "a", "uniqueness": "server", "mutability": "writeOnly"}),
            "attributes[0].uniqueness",
        ),
        (
            document(
                {"name": "a", "type": "complex", "subAttributes": [{"name": "b", "uniqueness": "server"}]}
            ),
            "attributes[0].subAttributes[0].uniqueness",
        ),
        (
            document(
                {
                    "name": "a",
                    "type": "complex",
                    "subAttributes": [{"name": "b", "mutability": "readOnly", "required": True}],
                }
            ),
            "attributes[0].subAttributes[0].required",
        ),
    ],
)
def test_what_could_not_be_kept_is_refused_when_it_is_defined(broken: Any, path: str | None) -> None:  # noqa: ANN401 - any JSON
    """Clients never meet a schema whose promises Muster does not keep; the operator is told the place."""
    with pytest.raises(InvalidValue) as caught:
        custom_schema(broken)

    assert path == caught.value.path


@pytest.mark.parametrize("other", [URN.upper(), f"{URN}:badge", f"{URN}.Badge"])
def test_two_schemas_that_could_be_taken_for_each_other_are_refused(other: str) -> None:
    """A path must have one meaning: a URN is no other URN and no attribute of another schema."""
    first, second = custom_schema(document()), custom_schema(document(id=other))
    for order in ([first, second], [second, first]):
        with pytest.raises(InvalidValue) as caught:
            extended(USER, order)

        assert "id" == caught.value.path


@pytest.mark.parametrize("other", [f"{URN}s", f"{URN}:badges", f"{URN}sbadge"])
def test_urns_that_only_begin_alike_are_told_apart(other: str) -> None:
    """A common beginning confuses nobody."""
    extensions = extended(USER, [custom_schema(document()), custom_schema(document(id=other))]).extensions

    assert [URN, other] == [item.schema.urn for item in extensions[-2:]]
