"""A schema of the operator's own as a file: YAML in the notation of RFC 7643 §7, or that JSON itself.

::

    id: urn:acme:scim:schemas:staff:1.0:User
    name: Staff
    extends: {User: optional}

Attributes:
      - {name: badge, uniqueness: server, caseExact: true}
      - {name: floor, type: integer}
      - name: skills
        type: complex
        multiValued: true
        subAttributes:
          - {name: value}
          - {name: since, type: dateTime}

What is not said has the default of RFC 7643 §2.2. A document that another server's ``/Schemas`` answers can
be given as it is.
"""

from typing import Final

from muster.intake.yaml_text import Node, Origin, document
from muster.model import BadInput
from muster.scim import CustomSchema, ScimError, custom_schema

_ORIGIN: Final = Origin(code="MUSTER-SCHEMA", what="The schema cannot be used; nothing was changed")
_SCHEMA: Final = ("id", "name", "description", "extends", "attributes", "schemas", "meta")
_SUB_ATTRIBUTE: Final = (
    "name",
    "type",
    "multiValued",
    "description",
    "required",
    "caseExact",
    "mutability",
    "returned",
    "uniqueness",
    "canonicalValues",
    "referenceTypes",
)
_ATTRIBUTE: Final = (*_SUB_ATTRIBUTE, "subAttributes")


def schema_from_text(text: str) -> CustomSchema:
    """The schema that the text describes.

    Raises:
        BadInput: it describes none that Muster could keep; the problem names the place.
    """
    return schema_at(document(text, _ORIGIN))


def schema_at(node: Node) -> CustomSchema:
    """The schema that stands at this place of a document.

    Raises:
        BadInput: as ``schema_from_text``.
    """
    fields = node.table(*_SCHEMA, required=("id", "attributes"))
    _check_names(fields["attributes"], _ATTRIBUTE)
    try:
        return custom_schema(node.json())
    except ScimError as error:
        raise _refused(node, error) from error


def _check_names(attributes: Node, known: tuple[str, ...]) -> None:
    for attribute in attributes.items():
        fields = attribute.table(*known, required=("name",))
        if "subAttributes" in fields:
            _check_names(fields["subAttributes"], _SUB_ATTRIBUTE)


def _refused(node: Node, error: ScimError) -> BadInput:
    place = node.place(error.path or "")
    return place.problem(error.detail, "correct it here, or leave it out for the default")
