"""What one PATCH operation means for one value: the pieces that singular attributes and elements share."""

from dataclasses import dataclass

from muster.scim.dialects import REPLACE_CREATES, USUAL, Dialect
from muster.scim.errors import InvalidPath, InvalidValue, Mutability
from muster.scim.normalise import is_unassigned, normalise
from muster.scim.patch_request import Operation, Verb
from muster.scim.path import Path
from muster.scim.schema import Attribute, Type
from muster.scim.schema import Mutability as Rule
from muster.scim.values import JsonValue, Resource, is_present


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One operation whose path the schema has resolved.

    ``creates`` says that the element its filter describes may be made, as by ``add`` and by a key of a
    no-path value. ``dialect`` is what the sender may do beside the letter.
    """

    verb: Verb
    path: Path
    value: JsonValue = None
    creates: bool = False
    dialect: Dialect = USUAL

    @classmethod
    def of(cls, operation: Operation, path: Path, dialect: Dialect = USUAL) -> "Edit":
        """Return the operation at its place.

        Raises:
            InvalidValue: It removes ``null`` from many elements, which could mean all of them or none.
        """
        creates = (
            operation.verb is Verb.ADD
            or operation.path is None
            or operation.capital
            or dialect.takes(REPLACE_CREATES)
        )
        edit = cls(verb=operation.verb, path=path, value=operation.value, creates=creates, dialect=dialect)
        if operation.verb is Verb.REMOVE and operation.valued and edit.value is None and edit.means_all():
            raise InvalidValue("null removes nothing; leave the value out to remove all", path=str(path))
        return edit

    def __post_init__(self) -> None:
        """Take an empty text for no value where the dialect does."""
        leaf = self.path.sub or self.path.attribute
        if self.value == "" and leaf is not None and is_unassigned(leaf, "", self.dialect):
            object.__setattr__(self, "value", None)

    def means_all(self) -> bool:
        """Tell whether the path selects every element of a multi-valued attribute."""
        path = self.path
        return (
            path.filter is None and path.sub is None and bool(path.attribute and path.attribute.multi_valued)
        )

    def attribute(self) -> Attribute:
        """Return the attribute that changes.

        Raises:
            InvalidPath: The path is a whole extension.
        """
        if self.path.attribute is None:
            raise InvalidPath("the path names no attribute", path=str(self.path))
        return self.path.attribute

    def listed(self) -> list[JsonValue]:
        """Return the value as a list: clients send one element bare."""
        if self.value is None:
            return []
        return self.value if isinstance(self.value, list) else [self.value]

    def normal(self) -> JsonValue:
        """Return the value in the shape of the attribute; that of a multi-valued one may be a bare element.

        Raises:
            InvalidValue: It does not fit.
        """
        attribute = self.attribute()
        value = self.listed() if attribute.multi_valued else self.value
        return normalise(attribute, value, str(self.path), dialect=self.dialect)

    def taken(self, value: JsonValue) -> Resource | None:
        """Return the known parts of a complex value of the attribute.

        Raises:
            InvalidValue: Nothing in it is known, so taking it would do nothing, or a part does not fit.
        """
        attribute, at = self.attribute(), str(self.path)
        if isinstance(value, dict) and value and not any(attribute.sub(key) for key in value):
            raise InvalidValue("none of these sub-attributes exists", path=at)
        single = [value] if attribute.multi_valued else value
        found = normalise(attribute, single, at, dialect=self.dialect)
        one = found[0] if isinstance(found, list) else found
        return one if isinstance(one, dict) else None

    def cleared(self, value: Resource) -> set[str]:
        """Return the sub-attributes that the value unassigns, as by ``null`` or ``[]`` (RFC 7643 §2.5)."""
        subs = ((self.attribute().sub(key), part) for key, part in value.items())
        return {
            sub.name
            for sub, part in subs
            if sub is not None
            and sub.mutability is not Rule.READ_ONLY
            and is_unassigned(sub, part, self.dialect)
        }

    def check_mutability(self) -> None:
        """Return when the client may change the target at all.

        Raises:
            Mutability: The attribute or the sub-attribute is read-only.
        """
        for part in (self.attribute(), self.path.sub):
            if part is not None and part.mutability is Rule.READ_ONLY:
                raise Mutability("the attribute is read-only", path=str(self.path))


def changed_part(old: Resource, sub: Attribute, edit: Edit) -> Resource:
    """Return the complex value with the sub-attribute the edit's path ends in set or removed.

    What is only written is checked and dropped, as by ``validate``.

    Raises:
        InvalidValue: The value does not fit the sub-attribute.
        Mutability: The sub-attribute is set for good, or is required and would be removed.
    """
    at = str(edit.path)
    if edit.verb is Verb.REMOVE:
        new = None
    elif sub.mutability is Rule.WRITE_ONLY:
        normalise(sub, edit.listed() if sub.multi_valued else edit.value, at, dialect=edit.dialect)
        return old
    elif sub.multi_valued and edit.verb is Verb.ADD:
        before = old.get(sub.name)
        new = normalise(
            sub, [*(before if isinstance(before, list) else []), *edit.listed()], at, dialect=edit.dialect
        )
    else:
        new = normalise(sub, edit.listed() if sub.multi_valued else edit.value, at, dialect=edit.dialect)
    changed = {name: part for name, part in old.items() if name != sub.name}
    if new is not None:
        changed[sub.name] = new
    check_held(edit.attribute(), old, changed, at)
    return changed if changed != old else old


def check_held(attribute: Attribute, old: Resource, new: Resource, at: str) -> None:
    """Return when no immutable part has changed and no required part has gone.

    Raises:
        Mutability: One has.
        InvalidValue: A required part was never there.
    """
    for sub in attribute.sub_attributes:
        before, after = old.get(sub.name), new.get(sub.name)
        if sub.mutability is Rule.IMMUTABLE and is_present(before) and before != after:
            raise Mutability(f"{sub.name} cannot be changed once it is set", path=at)
        if sub.required and new and not is_present(after):
            kind = Mutability if is_present(before) else InvalidValue
            raise kind(f"{sub.name} is required", path=at)


def is_complex(attribute: Attribute) -> bool:
    """Tell whether the values are objects."""
    return attribute.type is Type.COMPLEX
