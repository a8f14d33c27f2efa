"""What a caller may do: the one place where the scopes of a token are looked at.

Every action of ``scim_people`` and ``scim_groups`` asks here first, so that it holds whichever door it came
through.
"""

from typing import Final

from muster.directory.tokens import Token
from muster.intake.inbound import Bindings
from muster.model import App, AttributeEquals, Copied, PersonId, Rule, Scope
from muster.policy import attribute_path
from muster.scim.errors import Forbidden, InsufficientScope, NotFound
from muster.scim.values import Resource

# What describes a person. Names, addresses of mail, titles and whatever else people are known, found or
# judged by belong to the source.
_OWN: Final = frozenset(
    {
        "addresses",
        "displayName",
        "ims",
        "locale",
        "nickName",
        "phoneNumbers",
        "photos",
        "preferredLanguage",
        "profileUrl",
        "timezone",
    }
)


def check(token: Token, needed: Scope, id: str | None = None, *, own: Scope | None = None) -> None:
    """Return when the token may do this.

    Args:
        token: whose scopes are looked at.
        needed: the scope that allows it for everything the source brought.
        id: the one resource it is about.
        own: the scope that suffices where that is the person the token belongs to.

    Raises:
        InsufficientScope: it may not.
    """
    if needed in token.scopes or (own in token.scopes and id is not None and id == token.person):
        return
    raise InsufficientScope(f"this token may not do that; it takes the scope {needed}", scope=needed)


def me(token: Token) -> PersonId:
    """The person the token belongs to (RFC 7644 §3.11).

    Raises:
        NotFound: it belongs to none.
    """
    if token.person is None:
        raise NotFound(
            "/Me is the person a token belongs to, and this token speaks for its source as a whole; "
            "`muster token add SOURCE --person NAME` makes one that belongs to a person"
        )
    return token.person


def check_own_change(token: Token, bound: Bindings, before: Resource, after: Resource) -> None:
    """Return when the token may turn the user it belongs to from the one into the other.

    With ``me:write`` people change what describes them, and nothing that decides what they may have: no
    attribute that a rule looks at, and none by which an application recognises them.

    Raises:
        Forbidden: it may not.
    """
    if Scope.USERS_WRITE in token.scopes:
        return
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    for name in sorted((changed - _OWN) | (changed & _deciding(bound.rules, bound.apps))):
        raise Forbidden("people do not change this themselves; their source does", path=name)


def _deciding(rules: tuple[Rule, ...], apps: tuple[App, ...]) -> set[str]:
    """The core attributes that rules look at, or that accounts are recognised by."""
    named = [rule.when.attribute for rule in rules if isinstance(rule.when, AttributeEquals)]
    for app in apps:
        sources = (app.mapping.get(target) for target in app.match_on)
        named += [source.attribute for source in sources if isinstance(source, Copied)]
    paths = (attribute_path(name) for name in named)
    return {path.attribute.name for path in paths if path.extension is None and path.attribute is not None}
