"""What is accepted although it is not the letter of the RFCs, each form by a name of its own.

Identity providers deviate. A form that can mean one thing only is always accepted: it is *harmless*. A form
to which the RFCs give another meaning, or none on purpose, is a choice: a ``Dialect`` says what one source
may do. What no tolerance names is refused with an error, never passed over.

``docs/reference/scim.md`` shows this table; a test compares the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Unknown(StrEnum):
    """What becomes of attributes no schema describes."""

    DROP = "drop"
    KEEP = "keep"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tolerance:
    """One form that is accepted.

    ``senders`` are the providers known to send it. ``harmless``: it can mean one thing only. ``usual``: it is
    accepted unless a source is configured otherwise; every harmless form is.
    """

    name: str
    what: str
    senders: tuple[str, ...]
    harmless: bool = True
    usual: bool = True


_ENTRA: Final = "Entra ID"
_JUMPCLOUD: Final = "JumpCloud"
_KEYCLOAK: Final = "Keycloak"
_OKTA: Final = "Okta"
_ONELOGIN: Final = "OneLogin"
_PINGONE: Final = "PingOne"

LISTED_REMOVAL: Final = Tolerance(
    name="listed-removal",
    what="`remove` of a multi-valued attribute with a `value`: only what is listed goes, `$ref` may be null",
    senders=(_ENTRA, _JUMPCLOUD),
    harmless=False,
)
EMPTY_TEXT: Final = Tolerance(
    name="empty-text",
    what="an empty text for no value",
    senders=(_ENTRA, _ONELOGIN, _PINGONE),
    harmless=False,
)
REPLACE_CREATES: Final = Tolerance(
    name="replace-creates",
    what="`replace` at a filter that selects nothing: the element it describes is made",
    senders=(_ENTRA,),
    harmless=False,
    usual=False,
)
PLAIN_CONFIG: Final = Tolerance(
    name="plain-config",
    what="a reader that refuses `pagination` (RFC 9865) in what is supported: it is left out",
    senders=("canaille",),
    harmless=False,
    usual=False,
)

TOLERANCES: Final = (
    Tolerance(
        name="capital-verbs",
        what="`op` in any letter case, as `Add`",
        senders=(_ENTRA,),
    ),
    Tolerance(
        name="text-booleans",
        what='`"True"` and `"False"` for booleans, in filters and in elements, too',
        senders=(_ENTRA,),
    ),
    Tolerance(
        name="path-keys",
        what="keys with dots, URNs or filters in an operation without `path`",
        senders=(_ENTRA,),
    ),
    Tolerance(
        name="json-text",
        what="the value of an operation without `path` written as a JSON text",
        senders=(_KEYCLOAK,),
    ),
    Tolerance(
        name="null-path",
        what="`path` with the value null for no path",
        senders=("authentik",),
    ),
    Tolerance(
        name="repeated-read-only",
        what="`id`, `meta`, `schemas` among the values of an operation without `path`: passed over",
        senders=(_OKTA, _KEYCLOAK),
    ),
    Tolerance(
        name="bare-element",
        what="one element of a multi-valued attribute without a list around it",
        senders=(_ONELOGIN,),
    ),
    Tolerance(
        name="add-creates",
        what="`add` at a filter that selects nothing: the element it describes is made",
        senders=(_ENTRA,),
    ),
    Tolerance(
        name="capital-replace-creates",
        what="`Replace`, with a capital, at a filter that selects nothing: the element it describes is made",
        senders=(_ENTRA,),
    ),
    Tolerance(
        name="bare-complex",
        what="`manager` as a text or as a list of one; an empty text or list clears it",
        senders=(_ENTRA,),
    ),
    Tolerance(
        name="loose-extension",
        what="attributes of an extension without its URN, with a dot after it, or with it at the top level",
        senders=(_ENTRA,),
    ),
    Tolerance(
        name="foreign-schemas",
        what="URNs of unknown schemas among `schemas`, as that of Microsoft's ADSCIM group",
        senders=(_ENTRA,),
    ),
    Tolerance(
        name="bare-bulk-patch",
        what="the `data` of a PATCH in a bulk request without `schemas`, or as a bare list of operations",
        senders=("clients made for WSO2",),
    ),
    LISTED_REMOVAL,
    EMPTY_TEXT,
    REPLACE_CREATES,
    PLAIN_CONFIG,
)
"""Every tolerance, the harmless ones first."""

CHOICES: Final = {tolerance.name: tolerance for tolerance in TOLERANCES if not tolerance.harmless}
"""The tolerances that can be switched, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What one source may do beside the letter.

    Args:
        tolerated: Those of ``CHOICES`` that are accepted.
        unknown: What becomes of attributes and sub-attributes no schema describes.
        unknown_extensions: What becomes of extensions named by URNs that the resource type does not know.
    """

    tolerated: frozenset[Tolerance] = frozenset(choice for choice in CHOICES.values() if choice.usual)
    unknown: Unknown = Unknown.DROP
    unknown_extensions: Unknown = Unknown.KEEP

    def takes(self, tolerance: Tolerance) -> bool:
        """Tell whether the form is accepted."""
        return tolerance.harmless or tolerance in self.tolerated


USUAL: Final = Dialect()
"""What a source may do unless it is configured otherwise."""


def tolerating(names: Iterable[str]) -> frozenset[Tolerance]:
    """Return the tolerances of these names, for ``Dialect.tolerated``.

    >>> [tolerance.name for tolerance in tolerating(["empty-text"])]
    ['empty-text']

    Raises:
        ValueError: A name is none, or that of a tolerance that cannot be switched.
    """
    found: set[Tolerance] = set()
    for name in names:
        if name not in CHOICES:
            raise ValueError(f"'{name}' is no tolerance that can be chosen; these are: {', '.join(CHOICES)}")
        found.add(CHOICES[name])
    return frozenset(found)
