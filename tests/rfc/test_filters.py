"""RFC 7644 §3.4.2.1, §3.4.2.2: every filter the RFC prints, with whom it must find and whom not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from muster.scim.builtin import GROUP, USER
from muster.scim.grammar import parse
from muster.scim.matching import predicate
from rfc.examples import filters
from rfc.replay import Replay
from scim_door import USER_URN, user

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MOMENT = datetime(2011, 5, 13, 4, 42, 34, tzinfo=UTC)  # the one of figure 2

PEOPLE: dict[str, dict[str, Any]] = {
    "bjensen": {
        "title": "Tour Guide",
        "userType": "Employee",
        "emails": [{"value": "b@example.com", "type": "work"}],
    },
    "James": {
        "userType": "Intern",
        "name": {"familyName": "O'Malley-Jones"},
        "ims": [{"value": "j@foo.com", "type": "xmpp"}],
        ENTERPRISE: {"employeeNumber": "7"},
    },
    "john": {
        "userType": "Employee",
        "name": {"familyName": "Smith"},
        "emails": [{"value": "john@example.com", "type": "home"}, {"value": "j@other.test", "type": "work"}],
        "ims": [{"value": "j@foo.com", "type": "aim"}, {"value": "j@bar.com", "type": "xmpp"}],
    },
    "mary": {"title": "Manager", "userType": "Contractor", "emails": [{"value": "mary@example.org"}]},
    "nobody": {},
}
BEFORE, AT, AFTER = {"bjensen", "James"}, {"john"}, {"mary", "nobody"}  # when they were last changed

FOUND: dict[str, set[str]] = {
    'userName eq "bjensen"': {"bjensen"},
    'name.familyName co "O\'Malley"': {"James"},
    'userName sw "J"': {"James", "john"},
    f'{USER_URN}:userName sw "J"': {"James", "john"},
    "title pr": {"bjensen", "mary"},
    'meta.lastModified gt "2011-05-13T04:42:34Z"': AFTER,
    'meta.lastModified ge "2011-05-13T04:42:34Z"': AT | AFTER,
    'meta.lastModified lt "2011-05-13T04:42:34Z"': BEFORE,
    'meta.lastModified le "2011-05-13T04:42:34Z"': BEFORE | AT,
    'title pr and userType eq "Employee"': {"bjensen"},
    'title pr or userType eq "Intern"': {"bjensen", "mary", "James"},
    f'schemas eq "{ENTERPRISE}"': {"James"},
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")': {
        "bjensen",
        "john",
    },
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")': {
        "James",
        "nobody",
    },
    'userType eq "Employee" and (emails.type eq "work")': {"bjensen", "john"},
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]': {"bjensen"},
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]': {
        "bjensen",
        "James",
    },
    'userName Eq "john"': {"john"},
    'Username eq "john"': {"john"},
}
PRINTED = [*filters("rfc7644/3.4.2.2-figure-2.filters"), *filters("rfc7644/3.4.2.2-letter-case.filters")]


def hired(client: Replay) -> None:
    """Everybody is there, changed before, at or after the moment of figure 2."""
    clock = client.speaker.room.clock
    now = clock.now
    for name, attributes in PEOPLE.items():
        clock.now = MOMENT.replace(second=33 if name in BEFORE else 34 if name in AT else 35)
        client.create("/Users", user(name, **attributes))
    clock.now = now


def test_whom_the_filters_of_the_rfc_find(client: Replay) -> None:
    """Each filter of figure 2, and of the letter case, finds exactly these, also when it must not."""
    hired(client)
    for text in PRINTED:
        seen = client.ask("GET", "/Users", query={"filter": text})
        negated = client.ask("GET", "/Users", query={"filter": f"not ({text})"})

        assert FOUND[text] == {one["userName"] for one in seen.body["Resources"]}, text
        assert set(PEOPLE) - FOUND[text] == {one["userName"] for one in negated.body["Resources"]}, text


def test_every_filter_of_the_rfc_is_tried() -> None:
    """What is expected above is expected of the filters printed, and of no others."""
    assert set(FOUND) == set(PRINTED)


def test_the_filter_of_a_root_query() -> None:
    """§3.4.2.1: by ``meta.resourceType``, users and groups are told apart; unquoted words are no filter."""
    (text,) = filters("rfc7644/3.4.2.1-root.filters")
    user_, group = {"meta": {"resourceType": "User"}}, {"meta": {"resourceType": "Group"}}

    assert predicate(parse(text), USER)(user_)
    assert predicate(parse(text), GROUP)(group)
    assert not predicate(parse(text), USER)({"meta": {"resourceType": "Device"}})


@pytest.mark.parametrize(
    "text",
    [
        'userName regex "x"',
        'userName eq "x" xor title pr',
        "active gt true",
        'x509Certificates.value lt "AAAA"',
        "meta.resourceType eq User",
        "displayName sw 'Group'",
        "()",
    ],
)
def test_what_is_no_filter(client: Replay, text: str) -> None:
    """§3.4.2.2: unknown operators, an order of booleans or binaries, and bare words are refused."""
    seen = client.ask("GET", "/Users", query={"filter": text})

    assert (400, "invalidFilter") == (seen.status, seen.body["scimType"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('title pr or userType eq "Intern" and userName eq "mary"', {"bjensen", "mary"}),
        ('(title pr or userType eq "Intern") and userName eq "mary"', {"mary"}),
        ('not (title pr) and userType eq "Employee"', {"john"}),
        ('not (title pr and userType eq "Employee")', {"James", "john", "mary", "nobody"}),
    ],
)
def test_the_order_of_operations(client: Replay, text: str, found: set[str]) -> None:
    """§3.4.2.2: grouping, then ``not``, then ``and``, then ``or``."""
    hired(client)
    seen = client.ask("GET", "/Users", query={"filter": text})

    assert found == {one["userName"] for one in seen.body["Resources"]}
