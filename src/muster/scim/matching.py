"""Filters at work: an AST and a schema become a predicate on resources (RFC 7644 §3.4.2.2).

Everything the schema can decide (unknown attributes, operators that do not fit the type, the letter case)
is decided once, when the predicate is made. Resources are expected in the schema's spelling, as
``validate`` returns them.

Choices where the RFC is silent: an unassigned attribute is not equal to any value, so ``ne`` matches it and
``eq null`` means "not present"; an attribute that is never returned cannot be filtered on, because that
would reveal it bit by bit.
"""

import operator
from collections.abc import Callable
from typing import Any, TypeAlias, assert_never

from muster.scim.errors import InvalidFilter
from muster.scim.filter import And, Compare, Filter, Literal, Not, Op, Or, Present, ValuePath
from muster.scim.notation import AttributeName
from muster.scim.schema import Attribute, Location, ResourceType, Returned, Type
from muster.scim.values import JsonValue, Resource, as_boolean, elements, instant, is_present

Predicate: TypeAlias = Callable[[Resource], bool]
_Test: TypeAlias = Callable[[JsonValue], bool]
_Locate: TypeAlias = Callable[[AttributeName], Location | None]

_ORDER: dict[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
}
_PART: dict[Op, Callable[[str, str], bool]] = {
    Op.CO: operator.contains,
    Op.SW: str.startswith,
    Op.EW: str.endswith,
}


def matches(ast: Filter, resource: Resource, resource_type: ResourceType) -> bool:
    """Tell whether the resource satisfies the filter; use ``predicate`` for more than one resource.

    Raises:
        InvalidFilter: As ``predicate``.
    """
    return predicate(ast, resource_type)(resource)


def predicate(ast: Filter, resource_type: ResourceType, *, unknown_is_absent: bool = False) -> Predicate:
    """Return the test that the filter means for resources of this type.

    Args:
        ast: The filter.
        resource_type: Whose attributes the filter names.
        unknown_is_absent: Treat attributes the type does not have as unassigned, as a query over several
            resource types must (RFC 7644 §3.4.2.1), instead of refusing them.

    Raises:
        InvalidFilter: An attribute is unknown, or the comparison does not fit its type.
    """
    return _compile(ast, _Scope(resource_type.locate, unknown_is_absent=unknown_is_absent))


def element_predicate(ast: Filter, attribute: Attribute) -> _Test:
    """Return the test that a value path applies to one element of a multi-valued attribute.

    Raises:
        InvalidFilter: As ``predicate``.
    """
    if attribute.type is Type.COMPLEX:
        test = _compile(ast, _Scope(_sub_attributes(attribute)))
        return lambda element: isinstance(element, dict) and test(element)
    value = Location(attribute=attribute)
    simple = _compile(ast, _Scope(lambda name: value if str(name).lower() == "value" else None))
    return lambda element: simple({attribute.name: element})


class _Scope:
    """What names mean in one filter."""

    def __init__(self, locate: _Locate, *, unknown_is_absent: bool = False) -> None:
        self._locate = locate
        self._unknown_is_absent = unknown_is_absent

    def find(self, name: AttributeName) -> Location | None:
        location = self._locate(name)
        if location is None and not self._unknown_is_absent:
            raise InvalidFilter("there is no such attribute", path=str(name))
        named = location and (location.sub or location.attribute)
        if named and named.returned is Returned.NEVER:
            raise InvalidFilter("this attribute cannot be filtered on", path=str(name))
        return location


def _compile(ast: Filter, scope: _Scope) -> Predicate:
    match ast:
        case And(terms=terms):
            tests = [_compile(term, scope) for term in terms]
            return lambda resource: all(test(resource) for test in tests)
        case Or(terms=terms):
            tests = [_compile(term, scope) for term in terms]
            return lambda resource: any(test(resource) for test in tests)
        case Not(term=term):
            negated = _compile(term, scope)
            return lambda resource: not negated(resource)
        case Present(attribute=name):
            return _present(scope.find(name))
        case Compare(attribute=name, op=op, value=value):
            return _comparison(scope.find(name), op, value)
        case ValuePath(attribute=name, filter=inner):
            return _selection(scope.find(name), inner)
        case _:
            assert_never(ast)


def _present(location: Location | None) -> Predicate:
    if location is None:
        return lambda _: False
    if location.attribute is None:
        return lambda resource: is_present(_container(resource, location))
    return lambda resource: any(is_present(value) for value in _values(resource, location))


def _comparison(location: Location | None, op: Op, literal: Literal) -> Predicate:
    if literal is None:
        return _null_comparison(_present(location), op)
    if location is None:
        return lambda _: op is Op.NE
    attribute = _leaf(location)
    if attribute.type is Type.COMPLEX:
        location = _with_value(location, attribute)
        attribute = _leaf(location)
    test = _test(attribute, op, literal)
    if op is Op.NE:
        return lambda resource: any(map(test, _values(resource, location) or (None,)))
    return lambda resource: any(map(test, _values(resource, location)))


def _null_comparison(present: Predicate, op: Op) -> Predicate:
    if op is Op.EQ:
        return lambda resource: not present(resource)
    if op is Op.NE:
        return present
    raise InvalidFilter(f"null can be compared with eq and ne, not with {op}")


def _selection(location: Location | None, inner: Filter) -> Predicate:
    if location is None:
        return lambda _: False
    attribute = _leaf(location)
    if location.sub is not None or not (attribute.multi_valued or attribute.type is Type.COMPLEX):
        raise InvalidFilter("only the elements of an attribute can be selected", path=str(location))
    test = element_predicate(inner, attribute)
    return lambda resource: any(map(test, _values(resource, location)))


def _values(resource: Resource, location: Location) -> list[JsonValue]:
    """Return every assigned value the location names, those of all elements of a multi-valued attribute."""
    attribute = _leaf(Location(attribute=location.attribute))
    found = elements(_container(resource, location).get(attribute.name))
    if location.sub is None:
        return found
    name = location.sub.name
    subs = (item.get(name) for item in found if isinstance(item, dict))
    return [item for sub in subs for item in elements(sub)]


def _container(resource: Resource, location: Location) -> Resource:
    if location.extension is None:
        return resource
    container = resource.get(location.extension.urn)
    return container if isinstance(container, dict) else {}


def _leaf(location: Location) -> Attribute:
    found = location.sub or location.attribute
    if found is None:
        raise InvalidFilter("a schema is not an attribute", path=str(location))
    return found


def _with_value(location: Location, attribute: Attribute) -> Location:
    """Return the ``value`` of a complex attribute, which a comparison without a sub-attribute means."""
    return Location(extension=location.extension, attribute=attribute, sub=attribute.sub("value"))


def _sub_attributes(attribute: Attribute) -> _Locate:
    def locate(name: AttributeName) -> Location | None:
        found = None if name.urn or name.sub else attribute.sub(name.name)
        return None if found is None else Location(attribute=found)

    return locate


def _test(attribute: Attribute, op: Op, literal: Literal) -> _Test:
    """Return the comparison of one value with the literal, by the attribute's type."""
    match attribute.type:
        case Type.STRING | Type.REFERENCE:
            return _text_test(attribute, op, literal, exact=attribute.case_exact)
        case Type.BINARY:
            _refuse(attribute, op, Op.GT, Op.GE, Op.LT, Op.LE)
            return _text_test(attribute, op, literal, exact=True)
        case Type.DATE_TIME:
            return _instant_test(attribute, op, literal)
        case Type.BOOLEAN:
            return _boolean_test(attribute, op, literal)
        case Type.INTEGER | Type.DECIMAL:
            return _number_test(attribute, op, literal)
        case Type.COMPLEX:
            raise InvalidFilter("compare one of its sub-attributes instead", path=attribute.name)
        case _:
            assert_never(attribute.type)


def _text_test(attribute: Attribute, op: Op, literal: Literal, *, exact: bool) -> _Test:
    if not isinstance(literal, str):
        raise _misfit(attribute, "a quoted string")
    compare = _PART.get(op) or _ORDER[op]
    if exact:
        return lambda value: compare(value, literal) if isinstance(value, str) else op is Op.NE
    folded = literal.casefold()
    return lambda value: compare(value.casefold(), folded) if isinstance(value, str) else op is Op.NE


def _instant_test(attribute: Attribute, op: Op, literal: Literal) -> _Test:
    _refuse(attribute, op, Op.CO, Op.SW, Op.EW)
    moment = instant(literal) if isinstance(literal, str) else None
    if moment is None:
        raise _misfit(attribute, 'a date and time such as "2011-05-13T04:42:34Z"')
    compare = _ORDER[op]

    def test(value: JsonValue) -> bool:
        found = instant(value) if isinstance(value, str) else None
        return op is Op.NE if found is None else compare(found, moment)

    return test


def _boolean_test(attribute: Attribute, op: Op, literal: Literal) -> _Test:
    _refuse(attribute, op, *(other for other in Op if other not in {Op.EQ, Op.NE}))
    truth = as_boolean(literal)
    if truth is None:
        raise _misfit(attribute, "true or false")
    return lambda value: (as_boolean(value) is truth) is (op is Op.EQ)


def _number_test(attribute: Attribute, op: Op, literal: Literal) -> _Test:
    _refuse(attribute, op, Op.CO, Op.SW, Op.EW)
    if isinstance(literal, bool) or not isinstance(literal, int | float):
        raise _misfit(attribute, "a number")
    compare = _ORDER[op]
    return lambda value: compare(value, literal) if _is_number(value) else op is Op.NE


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(attribute: Attribute, op: Op, *refused: Op) -> None:
    if op in refused:
        raise InvalidFilter(f"a {attribute.type} cannot be compared with {op}", path=attribute.name)


def _misfit(attribute: Attribute, wanted: str) -> InvalidFilter:
    return InvalidFilter(f"a {attribute.type} is compared with {wanted}", path=attribute.name)
