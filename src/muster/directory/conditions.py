"""A filter as a condition of SQL, so that an index finds what it means (RFC 7644 §3.4.2.2).

Only columns and paths named here take part, and every value is bound. What has no column is left out, so the
condition may be wider than the filter; ``exact`` tells when it is not. A condition is never narrower: whoever
satisfies the filter satisfies the condition.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final, TypeAlias, assert_never

from muster.db import micros
from muster.directory import match_values
from muster.directory.unique_values import Claim, subjects
from muster.model.text import normalised
from muster.scim.filter import And, Compare, Filter, Literal, Not, Op, Or, Present, ValuePath
from muster.scim.notation import AttributeName
from muster.scim.schema import Location, ResourceType, Uniqueness
from muster.scim.values import as_boolean, instant

_SIGN: Final = {Op.EQ: "=", Op.NE: "<>", Op.GT: ">", Op.GE: ">=", Op.LT: "<", Op.LE: "<="}
_HIGHEST: Final = 0x10FFFF
_SURROGATES: Final = (0xD800, 0xDFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A test of one row.

    ``sql`` is written for SQLite, its parameters bound by name; ``instr`` is what PostgreSQL calls
    ``strpos``.
    """

    sql: str
    exact: bool
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


ALL: Final = Condition(sql="1 = 1", exact=True)
"""Everybody."""

_Leaf: TypeAlias = "Callable[[_Names, Op, Literal], Condition | None]"


def condition_on_people(ast: Filter, resource_type: ResourceType) -> Condition:
    """Give the condition on the table ``people`` (as ``p``) that is no narrower than the filter.

    The filter must fit the resource type, as ``scim.predicate`` finds out.
    """
    return _condition(ast, _Compiler(resource_type, _PEOPLE))


def condition_on_groups(ast: Filter, resource_type: ResourceType) -> Condition:
    """Give the condition on the table ``groups`` (as ``p``), likewise."""
    return _condition(ast, _Compiler(resource_type, _GROUPS))


def _condition(ast: Filter, compiler: "_Compiler") -> Condition:
    found = compiler.compiled(ast, within=None)
    return Condition(sql=ALL.sql, exact=False) if found is None else found


class _Names:
    """Hands out parameter names, a new one for every value."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count()

    def next(self) -> str:
        return f"f{next(self._numbers)}"


class _Compiler:
    """Turns one filter into one condition; ``None`` means that nothing of it has a column."""

    def __init__(self, resource_type: ResourceType, leaves: Mapping[str, _Leaf]) -> None:
        self._type = resource_type
        self._leaves = leaves
        self._names = _Names()

    def compiled(self, ast: Filter, *, within: AttributeName | None) -> Condition | None:
        """Give the condition; ``within`` is the attribute whose elements the names of the filter mean.

        Of one element nothing can be denied here: another element of the same person may have the value.
        """
        match ast:
            case And(terms=terms):
                return self._all(terms, within)
            case Or(terms=terms):
                return self._any(terms, within)
            case Not(term=term):
                return None if within else _negated(self.compiled(term, within=None))
            case Present(attribute=name):
                return self._compared(name, within, Op.NE, None)
            case Compare(attribute=name, op=op, value=value):
                return self._compared(name, within, op, value)
            case ValuePath(attribute=name, filter=inner_filter):
                inner = self.compiled(inner_filter, within=name)
                return None if inner is None else _widened(inner)
            case _:
                assert_never(ast)

    def _all(self, terms: tuple[Filter, ...], within: AttributeName | None) -> Condition | None:
        found = [term for each in terms if (term := self.compiled(each, within=within)) is not None]
        if not found:
            return None
        exact = len(found) == len(terms) and all(term.exact for term in found)
        return _joined(" AND ", found, exact=exact)

    def _any(self, terms: tuple[Filter, ...], within: AttributeName | None) -> Condition | None:
        found = [term for each in terms if (term := self.compiled(each, within=within)) is not None]
        if len(found) < len(terms):
            return None
        return _joined(" OR ", found, exact=all(term.exact for term in found))

    def _compared(
        self, name: AttributeName, within: AttributeName | None, op: Op, value: Literal
    ) -> Condition | None:
        location = self._type.locate(replace(within, sub=name.name) if within else name)
        if location is None:
            return None
        leaf = self._leaves.get(str(location)) or _unique_value(self._type.name, location)
        return None if leaf is None else leaf(self._names, op, value)


def _joined(word: str, terms: list[Condition], *, exact: bool) -> Condition:
    parameters = {name: value for term in terms for name, value in term.parameters.items()}
    return Condition(sql=word.join(f"({term.sql})" for term in terms), exact=exact, parameters=parameters)


def _widened(condition: Condition) -> Condition:
    return Condition(sql=condition.sql, exact=False, parameters=condition.parameters)


def _always_there(test: _Leaf) -> _Leaf:
    """The test of a column that is never empty: present, and never equal to null."""

    def leaf(names: _Names, op: Op, value: Literal) -> Condition | None:
        if value is None:
            return Condition(sql="1 = 1" if op is Op.NE else "1 = 0", exact=True)
        return test(names, op, value)

    return leaf


def _id(names: _Names, op: Op, value: Literal) -> Condition | None:
    if op not in {Op.EQ, Op.NE} or not isinstance(value, str):
        return None
    name = names.next()
    return Condition(sql=f"p.id {_SIGN[op]} :{name}", exact=True, parameters={name: value})


def _active(_: _Names, op: Op, value: Literal) -> Condition | None:
    if value is None:
        return Condition(sql=f"p.active_unassigned = {int(op is Op.EQ)}", exact=True)
    sign = "=" if as_boolean(value) else "<>"
    equal = f"(p.active_unassigned = 0 AND p.stage {sign} 'active')"
    return Condition(sql=equal if op is Op.EQ else f"NOT {equal}", exact=True)


def _name_key(column: str) -> _Leaf:
    """The test of a name that is unique in its normalised form, which is wider than folding its case."""

    def leaf(names: _Names, op: Op, value: Literal) -> Condition | None:
        if op is not Op.EQ or not isinstance(value, str):
            return None
        name = names.next()
        return Condition(sql=f"{column} = :{name}", exact=False, parameters={name: normalised(value)})

    return leaf


def _time(column: str) -> _Leaf:
    def leaf(names: _Names, op: Op, value: Literal) -> Condition | None:
        moment = instant(value) if isinstance(value, str) else None
        if moment is None or op not in _SIGN:
            return None
        name = names.next()
        return Condition(sql=f"{column} {_SIGN[op]} :{name}", exact=True, parameters={name: micros(moment)})

    return leaf


def _external_id(names: _Names, op: Op, value: Literal) -> Condition | None:
    there = "p.external_id IS NOT NULL"
    if value is None:
        return Condition(sql=there if op is Op.NE else "p.external_id IS NULL", exact=True)
    if op not in {Op.EQ, Op.NE} or not isinstance(value, str):
        return None
    name = names.next()
    equal = f"({there} AND p.external_id = :{name})"
    sql = equal if op is Op.EQ else f"NOT {equal}"
    return Condition(sql=sql, exact=True, parameters={name: value})


def _member(names: _Names, op: Op, value: Literal) -> Condition | None:
    if op is not Op.EQ or not isinstance(value, str):
        return None
    name = names.next()
    sql = (
        f"p.id IN (SELECT group_id FROM memberships WHERE tenant = :tenant AND person = :{name})"
        f" OR p.id IN (SELECT group_id FROM nestings WHERE tenant = :tenant AND member = :{name})"
    )
    return Condition(sql=sql, exact=False, parameters={name: value})


def _match_value(place: str) -> _Leaf:
    """The test of values that stand in ``match_values``; whether there is any tells only a place of texts."""
    path = match_values.PATHS[place]
    several, whole = path in match_values.SEVERAL, place in match_values.WHOLE

    def leaf(names: _Names, op: Op, value: Literal) -> Condition | None:
        if value is None:
            found = None if whole else _has_value(path, "value <> ''", {}, exact=not several)
            return found if op is Op.NE else _negated(found)
        if not isinstance(value, str) or (op is Op.NE and several):
            return None
        if op is Op.NE:
            return _negated(leaf(names, Op.EQ, value))
        test = _text_test(names, op, value.casefold())
        return None if test is None else _has_value(path, test.sql, test.parameters, exact=test.exact)

    return leaf


def _unique_value(kind: str, location: Location) -> "_Leaf | None":
    """The test of an attribute of the operator's own, if its values are unique."""
    schema, attribute = location.extension, location.attribute
    if schema is None or attribute is None or attribute.uniqueness is not Uniqueness.SERVER:
        return None

    def leaf(names: _Names, op: Op, value: Literal) -> Condition | None:
        if op is not Op.EQ or isinstance(value, bool | float) or value is None:
            return None
        rows, parameters = subjects(kind, Claim.of(schema.urn, attribute, value), names.next)
        return Condition(sql=f"p.id IN ({rows})", exact=False, parameters=parameters)

    return leaf


def _has_value(path: str, test: str, parameters: Mapping[str, Any], *, exact: bool) -> Condition:
    rows = f"SELECT person FROM match_values WHERE tenant = :tenant AND source = :source AND path = '{path}'"
    return Condition(sql=f"p.id IN ({rows} AND ({test}))", exact=exact, parameters=parameters)


def _negated(condition: Condition | None) -> Condition | None:
    if condition is None or not condition.exact:
        return None
    return Condition(sql=f"NOT ({condition.sql})", exact=True, parameters=condition.parameters)


def _text_test(names: _Names, op: Op, folded: str) -> Condition | None:
    """The comparison of the column ``value`` with a folded text.

    Of a cut value only the beginning is known, which decides where the text is shorter.
    """
    first, second = names.next(), names.next()
    fits = len(folded) < match_values.LONGEST
    kept = folded[: match_values.LONGEST]
    sql, parameters, exact = f"value {_SIGN.get(op)} :{first}", {first: kept}, fits
    match op:
        case Op.EQ:
            pass
        case Op.SW:
            sql, parameters = _range(kept, first, second)
        case Op.CO:
            sql, parameters, exact = f"cut = 1 OR instr(value, :{first}) > 0", {first: folded}, False
        case Op.EW:
            ending = f"substr(value, length(value) - {len(folded)} + 1) = :{first}"
            sql = f"cut = 1 OR (length(value) >= {len(folded)} AND {ending})"
            parameters, exact = {first: folded}, False
        case Op.GT | Op.GE | Op.LT | Op.LE | Op.NE:
            if not fits or op is Op.NE:
                return None
        case _:
            assert_never(op)
    return Condition(sql=sql, exact=exact, parameters=parameters)


def _range(beginning: str, first: str, second: str) -> tuple[str, dict[str, Any]]:
    """The test that a value begins so, as a range of the index."""
    bounds: dict[str, Any] = {first: beginning}
    test = f"value >= :{first}"
    end = _following(beginning)
    if end is not None:
        test += f" AND value < :{second}"
        bounds[second] = end
    return test, bounds


def _following(text: str) -> str | None:
    """The first text after all that begin so; ``None`` where there is none.

    >>> _following("an"), _following("")
    ('ao', None)
    """
    while text:
        last = ord(text[-1]) + 1
        if last <= _HIGHEST:
            low, high = _SURROGATES
            return text[:-1] + chr(high + 1 if low <= last <= high else last)
        text = text[:-1]
    return None


_COMMON: Final[Mapping[str, _Leaf]] = {
    "id": _always_there(_id),
    "externalId": _external_id,
    "meta.created": _always_there(_time("p.created_at")),
    "meta.lastModified": _always_there(_time("p.changed_at")),
}


def _person_user_name() -> _Leaf:
    by_key, by_value = _name_key("p.user_key"), _match_value("userName")

    def leaf(names: _Names, op: Op, value: Literal) -> Condition | None:
        return (by_key if op is Op.EQ and value is not None else by_value)(names, op, value)

    return leaf


_PEOPLE: Final[Mapping[str, _Leaf]] = {
    **{place: _match_value(place) for place in match_values.PATHS},
    **_COMMON,
    "userName": _person_user_name(),
    "active": _active,
}

_GROUPS: Final[Mapping[str, _Leaf]] = {
    **_COMMON,
    "displayName": _name_key("p.name_key"),
    "members": _member,
    "members.value": _member,
}
