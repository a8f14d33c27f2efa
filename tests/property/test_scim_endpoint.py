"""Whatever a source sends, it is answered as SCIM says, never by a 5xx, and what is stored stays readable."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp

from asgi import Answer, ask
from desk import open_desk, scim_source
from muster.scim.builtin import GROUP, USER
from muster.scim.bulk_request import BULK_REQUEST_URN
from muster.scim.patch_request import PATCH_URN
from muster.web import create
from scim_door import GROUP_URN, USER_URN, group, user

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SCHEMA_NAMES = [
    part.name for kind in (USER, GROUP) for one in kind.attributes() for part in (one, *one.sub_attributes)
]
MESSAGE_NAMES = ["op", "path", "Operations", "department", "manager", "unknown", ""]
NAMES = st.sampled_from([*SCHEMA_NAMES, *MESSAGE_NAMES, ENTERPRISE, "urn:acme:2.0:Own"])
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["ana", "ANA", "x" * 3_000, "True", "2026-11-30T09:00:00Z", "\x00", "add", "remove", "replace", "members"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=5),
    max_leaves=25,
)
PATHS = NAMES | st.sampled_from(
    [
        *("name.givenName", "meta.version", "members.value", 'emails[type eq "work"].value', "["),
        *(
            "emails[primary eq true]",
            'members[value eq "x"]',
            f"{ENTERPRISE}:department",
            "urn:acme:2.0:Own:a",
        ),
    ]
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove", "Add"])},
    optional={"path": PATHS | TEXTS | st.none(), "value": JSON},
)
PATCHES = st.lists(OPERATIONS, min_size=1, max_size=4).map(
    lambda operations: {"schemas": [PATCH_URN], "Operations": operations}
)
RESOURCES = st.dictionaries(NAMES, JSON, max_size=6).map(
    lambda more: {"schemas": [USER_URN, GROUP_URN], "userName": "a", "displayName": "b", **more}
)
OPERATORS = st.sampled_from(
    ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "and", "or", "not", "(", ")"]
)
FILTERS = TEXTS | st.lists(
    PATHS | OPERATORS | SCALARS.map(lambda value: msgspec.json.encode(value).decode(errors="replace")),
    max_size=8,
).map(" ".join)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The endpoint of a desk that has one user and one group."""

    runner: asyncio.Runner
    app: ASGIApp
    token: str
    user: str
    group: str

    def ask(self, method: str, path: str, body: object = b"", query: str = "") -> Answer:
        """What the endpoint answers."""
        headers = {b"authorization": f"Bearer {self.token}".encode(), b"host": b"acme.example"}
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.runner.run(
            ask(self.app, method, f"/scim/v2{path}", query=query.encode(), headers=headers, body=data)
        )

    def check(self, answer: Answer) -> None:
        """The answer is one that SCIM has, and what is stored can be read."""
        assert answer.status < 500, answer.json()
        if answer.status >= 400:
            assert str(answer.status) == answer.json()["status"]
        for path in ("/Users", "/Groups"):
            listed = self.ask("GET", path)

            assert 200 == listed.status, listed.json()
            assert len(listed.json()["Resources"]) == listed.json()["totalResults"]


@pytest.fixture
def door(database_url: str) -> Generator[Door]:
    """The endpoint in an event loop of its own, on each database."""
    with asyncio.Runner() as runner:
        opening = open_desk(database_url)
        desk = runner.run(opening.__aenter__())
        token = runner.run(scim_source(desk, "hr")).reveal()
        bare = Door(runner=runner, app=create(desk), token=token, user="", group="")
        ana = bare.ask(
            "POST", "/Users", user("ana", emails=[{"value": "a@b.example", "type": "work"}])
        ).json()["id"]
        team = bare.ask("POST", "/Groups", group("Team", ana)).json()["id"]
        yield Door(runner=runner, app=bare.app, token=token, user=ana, group=team)
        runner.run(opening.__aexit__(None, None, None))


def test_any_body_is_answered(door: Door) -> None:
    """POST and PUT of arbitrary JSON, nearly right or wholly wrong."""

    @given(st.sampled_from(["POST", "PUT"]), st.sampled_from(["Users", "Groups"]), RESOURCES | JSON)
    def hold(method: str, kind: str, body: object) -> None:
        known = door.user if kind == "Users" else door.group
        door.check(door.ask(method, f"/{kind}" if method == "POST" else f"/{kind}/{known}", body))

    hold()


def test_any_patch_is_answered(door: Door) -> None:
    """PATCH with arbitrary operations, paths and values."""

    @given(st.sampled_from(["Users", "Groups"]), PATCHES | JSON)
    def hold(kind: str, body: object) -> None:
        known = door.user if kind == "Users" else door.group
        door.check(door.ask("PATCH", f"/{kind}/{known}", body))

    hold()


BULK_IDS = st.sampled_from(["c", "/", "\ud7ff"])
REFERENCES = (st.sampled_from("ab") | BULK_IDS).map(lambda text: f"bulkId:{text}")
REFERRING = st.builds(
    lambda name, other, more: {
        "schemas": [USER_URN, GROUP_URN],
        "userName": name,
        "displayName": name,
        "members": [{"value": other}] if more else [],
        "manager": other,
        **more,
    },
    st.text("ab", min_size=1, max_size=3) | TEXTS,
    REFERENCES | TEXTS,
    st.dictionaries(NAMES, REFERENCES | JSON, max_size=1),
)
VALID_PATCHES = st.builds(
    lambda path, value: {
        "schemas": [PATCH_URN],
        "Operations": [{"op": "add", "path": path, "value": value}],
    },
    st.sampled_from(["title", "manager", "members", 'members[value eq "bulkId:a"]']),
    REFERENCES | REFERENCES.map(lambda text: [{"value": text}]),
)


def bulk_operations(known: list[str]) -> st.SearchStrategy[object]:
    """Operations of a bulk request on these resources and on what it creates, most of them nearly right."""
    places = st.sampled_from(known) | REFERENCES.map(lambda text: f"/Users/{text}")
    versions = st.none() | st.sampled_from(["*", 'W/"1"']) | TEXTS
    creation = st.fixed_dictionaries(
        {
            "method": st.just("POST"),
            "path": st.sampled_from(["/Users", "/Groups", "Users/"]),
            "bulkId": BULK_IDS,
            "data": REFERRING,
        }
    )
    edit = st.fixed_dictionaries(
        {"method": st.just("patch"), "path": places, "data": VALID_PATCHES | PATCHES, "version": versions}
    )
    replacement = st.fixed_dictionaries({"method": st.just("PUT"), "path": places, "data": REFERRING})
    removal = st.fixed_dictionaries({"method": st.just("DELETE"), "path": places, "version": versions})
    wild = st.fixed_dictionaries(
        {"method": st.sampled_from(["POST", "PUT", "GET"]), "path": places | PATHS | TEXTS},
        optional={"bulkId": BULK_IDS | JSON, "data": JSON, "version": JSON},
    )
    return creation | edit | replacement | removal | wild | JSON


def test_any_bulk_request_is_answered(door: Door) -> None:
    """Arbitrary operations and references: when the message can be read, each has an answer of its own."""
    others = bulk_operations([f"/Users/{door.user}", f"/Groups/{door.group}"])

    @given(st.tuples(REFERRING, REFERRING), st.lists(others, max_size=5), st.none() | st.integers(1, 3))
    def hold(created: tuple[object, ...], listed: list[object], most: int | None) -> None:
        creations = [
            {"method": "POST", "path": path, "bulkId": name, "data": data}
            for path, name, data in zip(("/Users", "/Groups"), "ab", created, strict=True)
        ]
        body = {"schemas": [BULK_REQUEST_URN], "Operations": [*listed, *creations], "failOnErrors": most}
        answer = door.ask("POST", "/Bulk", body)
        door.check(answer)
        if answer.status == 400:
            return  # JSON that is none, as half a surrogate pair
        statuses = [one["status"] for one in answer.json()["Operations"]]
        assert {"200", "201", "204", "400", "404", "405", "409", "412"} >= set(statuses), answer.json()
        assert len(statuses) == len(listed) + 2 or most is not None

    hold()


def test_any_bytes_are_answered(door: Door) -> None:
    """A body that need not even be JSON."""

    @given(st.sampled_from(["POST", "PUT", "PATCH"]), st.binary(max_size=200))
    def hold(method: str, body: bytes) -> None:
        door.check(door.ask(method, "/Users" if method == "POST" else f"/Users/{door.user}", body))
        door.check(door.ask("POST", "/Bulk", body))

    hold()


def test_any_query_is_answered(door: Door) -> None:
    """Arbitrary filters, pages and projections, encoded or not."""

    @given(
        st.sampled_from(["/Users", "/Groups"]),
        st.dictionaries(
            st.sampled_from(["filter", "startIndex", "count", "attributes", "excludedAttributes", "sortBy"]),
            FILTERS | PATHS | st.integers().map(str) | TEXTS,
            max_size=4,
        ),
    )
    def hold(path: str, parameters: dict[str, str]) -> None:
        query = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in parameters.items())
        answer = door.ask("GET", path, query=query)

        assert answer.status in {200, 400}, answer.json()

    hold()


def test_any_path_is_answered(door: Door) -> None:
    """Arbitrary methods at arbitrary places."""
    parts = (
        st.sampled_from(["Users", "Groups", "Schemas", "ResourceTypes", "ServiceProviderConfig", "Me"])
        | TEXTS
    )

    @given(
        st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]),
        st.lists(parts, max_size=3).map("/".join),
    )
    def hold(method: str, path: str) -> None:
        answer = door.ask(method, f"/{path}")

        assert answer.status < 500 or answer.status == 501
        assert b"application/scim+json" == answer.headers[b"content-type"]

    hold()


def test_any_token_is_answered(door: Door) -> None:
    """Whatever stands in Authorization, it is a 401 or speaks for the source."""

    @given(st.binary(max_size=80) | TEXTS.map(lambda text: f"Bearer {text}".encode(errors="replace")))
    def hold(header: bytes) -> None:
        headers = {b"authorization": header, b"host": b"acme.example"}
        answer = door.runner.run(ask(door.app, "GET", "/scim/v2/Users", headers=headers))

        assert 401 == answer.status

    hold()
