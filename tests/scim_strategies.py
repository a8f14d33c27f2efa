"""Random resources, filters and operations that a schema allows, for comparing two ways of treating them.

The values are few and close to each other, so that comparisons come out either way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from muster.scim.builtin import ENTERPRISE_USER_SCHEMA, USER, USER_SCHEMA
from muster.scim.custom import schema_from_document
from muster.scim.filter import And, Compare, Filter, Literal, Not, Op, Or, Present, ValuePath, nodes, render
from muster.scim.grammar import parse_path_text
from muster.scim.notation import AttributeName
from muster.scim.schema import Attribute, Extension, Mutability, ResourceType, Schema, Type

Wanted: TypeAlias = Mapping[str, Iterable[str]]
EVERYTHING: Final[Mapping[str | None, Wanted]] = {}

PROOF: Final = schema_from_document(
    {
        "id": "urn:example:proof:2.0:User",
        "name": "Proof",
        "attributes": [
            {"name": "level", "type": "integer"},
            {"name": "score", "type": "decimal"},
            {"name": "since", "type": "dateTime"},
            {"name": "badge", "type": "string", "caseExact": True},
            {"name": "origin", "type": "string", "mutability": "immutable"},
            {"name": "tags", "type": "string", "multiValued": True},
            {"name": "years", "type": "integer", "multiValued": True},
            {
                "name": "visits",
                "type": "complex",
                "multiValued": True,
                "subAttributes": [
                    {"name": "value", "type": "string", "caseExact": True},
                    {"name": "type", "type": "string"},
                    {"name": "primary", "type": "boolean"},
                    {"name": "at", "type": "dateTime"},
                    {"name": "rooms", "type": "integer"},
                ],
            },
        ],
    }
)
_CORE: Final = {
    "userName",
    "name",
    "title",
    "active",
    "password",
    "profileUrl",
    "emails",
    "groups",
    "x509Certificates",
}
_ENTERPRISE: Final = {"department", "manager"}


def _part(schema: Schema, names: set[str]) -> Schema:
    return replace(schema, attributes=tuple(item for item in schema.attributes if item.name in names))


PROVEN: Final = replace(
    USER,
    schema=_part(USER_SCHEMA, _CORE),
    extensions=(Extension(schema=_part(ENTERPRISE_USER_SCHEMA, _ENTERPRISE)), Extension(schema=PROOF)),
)
"""A User with every type of attribute, and few of each, so that two random ones are often the same."""

_VALUES: Final[dict[Type, st.SearchStrategy[Any]]] = {
    Type.STRING: st.sampled_from(["a", "A", "ab", "b", "é", 'q"\\']),
    Type.BOOLEAN: st.booleans(),
    Type.INTEGER: st.integers(-1, 3),
    Type.DECIMAL: st.sampled_from([-1.5, 0.0, 1.0, 2.5]) | st.integers(0, 2),
    Type.DATE_TIME: st.sampled_from(
        [
            "2020-01-01T00:00:00Z",
            "2020-01-01T01:00:00+01:00",
            "2020-01-01T00:00:00.5Z",
            "2021-06-01T12:00:00Z",
        ]
    ),
    Type.BINARY: st.sampled_from(["YQ==", "Yg==", "YWI="]),
    Type.REFERENCE: st.sampled_from(["https://a.example/x", "https://a.example/X", "https://a.example/xy"]),
}


def values(attribute: Attribute, wanted: Iterable[str] = ()) -> st.SearchStrategy[Any]:
    """Values of the attribute, one or many; complex ones have mostly the wanted parts."""
    one = _VALUES[attribute.type] if attribute.type is not Type.COMPLEX else _complex(attribute, wanted)
    return st.lists(one, min_size=1, max_size=2, unique_by=_identity) if attribute.multi_valued else one


def _identity(element: Any) -> str:  # noqa: ANN401 - JSON
    """What makes an element this one and no other: value and kind, in any letter case (RFC 7643 §2.4)."""
    if not isinstance(element, dict) or "value" not in element:
        return repr(element).casefold()
    return repr((element["value"], element.get("type", ""))).casefold()


def _complex(attribute: Attribute, wanted: Iterable[str]) -> st.SearchStrategy[dict[str, Any]]:
    names = sorted({sub.name for sub in attribute.sub_attributes if sub.name in {*wanted, "value"}})
    rest = [sub.name for sub in attribute.sub_attributes]
    parts = {sub.name: _KINDS if sub.name == "type" else values(sub) for sub in attribute.sub_attributes}
    chosen = st.sets(st.sampled_from([*names, *names, *rest]), min_size=1, max_size=3)
    return chosen.flatmap(lambda found: st.fixed_dictionaries({name: parts[name] for name in sorted(found)}))


_KINDS: Final = st.sampled_from(["work", "Work", "home"])


def _some(attributes: Iterable[Attribute], wanted: Wanted) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the attributes, the wanted ones mostly."""
    known = {item.name: values(item, wanted.get(item.name, ())) for item in attributes}
    likely = [name for name in known if name in wanted]
    return st.tuples(
        st.sets(st.sampled_from(sorted(known)), max_size=2),
        st.sets(st.sampled_from(likely)) if likely else st.just(set[str]()),
    ).flatmap(
        lambda chosen: st.fixed_dictionaries({name: known[name] for name in sorted(chosen[0] | chosen[1])})
    )


def resources(
    resource_type: ResourceType, wanted: Mapping[str | None, Wanted] = EVERYTHING
) -> st.SearchStrategy[dict[str, Any]]:
    """Resources in the schema's spelling, with what is read-only, as they would be stored.

    Args:
        resource_type: Of which type.
        wanted: The attributes and parts that are mostly there, by the URN of their extension.
    """
    core = [item for item in resource_type.attributes() if item.name not in {"schemas", "password"}]
    extended = {
        item.schema.urn: _some(item.schema.attributes, wanted.get(item.schema.urn, {}))
        for item in resource_type.extensions
    }

    def whole(parts: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
        found = {key: value for key, value in parts[1].items() if value}
        return {"schemas": [resource_type.schema.urn, *found], "userName": "a", **parts[0], **found}

    return st.tuples(_some(core, wanted.get(None, {})), st.fixed_dictionaries(extended)).map(whole)


def resources_for(ast: Filter, resource_type: ResourceType) -> st.SearchStrategy[dict[str, Any]]:
    """Resources that mostly have what the filter asks for."""
    wanted: dict[str | None, dict[str, set[str]]] = {}
    for node in nodes(ast):
        if isinstance(node, And | Or | Not):
            continue
        subs = wanted.setdefault(node.attribute.urn, {}).setdefault(node.attribute.name, set())
        inner = nodes(node.filter) if isinstance(node, ValuePath) else []
        subs.update(part.attribute.name for part in inner if isinstance(part, Compare | Present))
        subs.update({node.attribute.sub} if node.attribute.sub else set())
    return resources(resource_type, wanted)


def _names(attributes: Iterable[Attribute], urn: str | None) -> Iterable[tuple[AttributeName, Attribute]]:
    for attribute in attributes:
        yield AttributeName(urn=urn, name=attribute.name), attribute
        for sub in attribute.sub_attributes:
            yield AttributeName(urn=urn, name=attribute.name, sub=sub.name), sub


def named(resource_type: ResourceType) -> list[tuple[AttributeName, Attribute]]:
    """Everything a filter can name in resources of this type."""
    found = list(_names(resource_type.attributes(), None))
    for item in resource_type.extensions:
        found.extend(_names(item.schema.attributes, item.schema.urn))
    return found


_ODD: Final[st.SearchStrategy[Literal]] = (
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "", "x"])
)


def _comparison(name: AttributeName, attribute: Attribute, *, odd: bool = True) -> st.SearchStrategy[Filter]:
    leaf = attribute.sub("value") or attribute if attribute.type is Type.COMPLEX else attribute
    fitting = _KINDS if leaf.name == "type" else _VALUES.get(leaf.type, _ODD)
    literal = st.one_of(fitting, fitting, fitting, _ODD) if odd else fitting
    ops = st.sampled_from(Op) if odd else st.sampled_from(_fitting_ops(leaf.type))
    return st.builds(Compare, attribute=st.just(name), op=ops, value=literal) | st.just(
        Present(attribute=name)
    )


def _fitting_ops(kind: Type) -> list[Op]:
    """The operators that every reading of RFC 7644 table 3 allows for the type."""
    match kind:
        case Type.BOOLEAN | Type.BINARY | Type.COMPLEX:
            return [Op.EQ, Op.NE]
        case Type.INTEGER | Type.DECIMAL | Type.DATE_TIME:
            return [Op.EQ, Op.NE, Op.GT, Op.GE, Op.LT, Op.LE]
        case _:
            return list(Op)


def _joined(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    terms = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, term=inner) | st.builds(And, terms=terms) | st.builds(Or, terms=terms)


def filters(resource_type: ResourceType) -> st.SearchStrategy[Filter]:
    """Filters on the attributes of this type; most fit it."""
    known = [_comparison(name, attribute) for name, attribute in named(resource_type)]
    leaves = st.sampled_from(known).flatmap(lambda one: one)
    selections = st.one_of(
        [
            st.builds(ValuePath, attribute=st.just(name), filter=selectors(attribute))
            for name, attribute in named(resource_type)
            if name.sub is None and attribute.multi_valued
        ]
    )
    return st.recursive(leaves | selections, _joined, max_leaves=5)


def selectors(attribute: Attribute, *, odd: bool = True) -> st.SearchStrategy[Filter]:
    """Filters on the elements of a multi-valued attribute; all fit it unless they may be odd."""
    if attribute.type is Type.COMPLEX:
        leaves = [_comparison(AttributeName(name=sub.name), sub, odd=odd) for sub in attribute.sub_attributes]
    else:
        leaves = [_comparison(AttributeName(name="value"), replace(attribute, multi_valued=False), odd=odd)]
    one = st.sampled_from(leaves).flatmap(lambda leaf: leaf)
    return one | _joined(one)


def operations(resource_type: ResourceType) -> st.SearchStrategy[dict[str, Any]]:
    """PATCH operations on resources of this type; most fit it, and none is about ``schemas``."""
    whole = [
        (AttributeName(name=item.name), item) for item in resource_type.attributes() if item.name != "schemas"
    ]
    for extension in resource_type.extensions:
        urn = extension.schema.urn
        whole.extend((AttributeName(urn=urn, name=item.name), item) for item in extension.schema.attributes)
    lists = [one for one in whole if one[1].multi_valued and one[1].mutability is not Mutability.READ_ONLY]
    targets = st.sampled_from([*whole, *lists, *lists, *lists]).flatmap(lambda one: _target(*one))
    extensions = st.sampled_from(resource_type.extensions).flatmap(
        lambda item: st.tuples(st.just(item.schema.urn), _some(item.schema.attributes, {}).filter(bool))
    )
    verbs = st.sampled_from(["add", "add", "replace", "replace", "remove"])
    at_path = st.tuples(verbs, targets | targets | extensions).map(
        lambda drawn: (
            {"op": drawn[0], "path": drawn[1][0]}
            if drawn[0] == "remove"
            else {"op": drawn[0], "path": drawn[1][0], "value": drawn[1][1]}
        )
    )
    merging = st.tuples(_assigned(resource_type), st.sampled_from(["add", "replace"]))
    return at_path | at_path | merging.map(lambda drawn: {"op": drawn[1], "value": drawn[0]})


def _target(name: AttributeName, attribute: Attribute) -> st.SearchStrategy[tuple[str, Any]]:
    """A path and a value for it: the attribute, selected elements of it, or a part of either."""
    fitting = values(attribute)
    odd = st.sampled_from([None, True, 1, "x"]) if attribute.multi_valued else _ODD
    plain = st.tuples(st.just(str(name)), st.one_of(fitting, fitting, fitting, fitting, odd))
    parts = [st.tuples(st.just(f"{name}.{sub.name}"), values(sub)) for sub in attribute.sub_attributes]
    if not attribute.multi_valued:
        return st.one_of(plain, *parts)
    paths = selectors(attribute, odd=False).map(lambda ast: f"{name}[{render(ast)}]")
    selected = st.tuples(paths, values(replace(attribute, multi_valued=False)))
    picked = [
        st.tuples(st.builds("{}.{}".format, paths, st.just(sub.name)), values(sub))
        for sub in attribute.sub_attributes
    ]
    groups = [plain, selected, *(st.one_of(group) for group in (parts, picked) if group)]
    return st.sampled_from(groups).flatmap(lambda group: group)


def _assigned(resource_type: ResourceType) -> st.SearchStrategy[dict[str, Any]]:
    """The value of an operation without a path."""
    known = [one for one in named(resource_type) if one[0].name != "schemas"]
    chosen = st.lists(st.sampled_from(known), min_size=1, max_size=3, unique_by=lambda one: one[0].name)
    return chosen.flatmap(
        lambda found: st.fixed_dictionaries({str(name): values(attribute) for name, attribute in found})
    )


def resources_with(
    changes: Iterable[dict[str, Any]], resource_type: ResourceType
) -> st.SearchStrategy[dict[str, Any]]:
    """Resources that mostly have what the operations are about."""
    wanted: dict[str | None, dict[str, set[str]]] = {}
    for change in changes:
        for text in [change["path"]] if "path" in change else change["value"]:
            if resource_type.extension(text) is not None:
                wanted.setdefault(text, {})
                continue
            path = parse_path_text(text)
            subs = wanted.setdefault(path.attribute.urn, {}).setdefault(path.attribute.name, set())
            selecting = [] if path.filter is None else nodes(path.filter)
            subs.update(part.attribute.name for part in selecting if isinstance(part, Compare | Present))
            subs.update(sub for sub in (path.sub, path.attribute.sub) if sub)
    return resources(resource_type, wanted)
