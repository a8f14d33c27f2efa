"""Whatever sources send and operators change, what is stored fits the schema that stands."""

import asyncio
from collections.abc import Generator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp

from asgi import Answer, ask
from desk import OPERATOR, as_tenant, open_desk, scim_source
from muster.db import Transaction
from muster.directory import schemas as stored
from muster.model import BadInput
from muster.scim import CustomSchema, custom_schema, fitted
from muster.scim.patch_request import PATCH_URN
from muster.scim.values import JsonValue, Resource
from muster.service.desk import Desk
from muster.service.schemas import all_schemas, put_schema, remove_schema
from muster.web import create
from scim_door import user

URN = "urn:acme:scim:schemas:own:1.0:User"
NAMES = ["text", "TEXT", "whole", "truth", "parts", "many", "fixed", "secret", "shown", "value", "type"]
SCALARS = st.sampled_from(["a", "A", "", "True", "2026-01-01T00:00:00Z", 3, 3.5, -1, True, False, None])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
ANYTHING = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5) | JSON
PATHS = st.sampled_from(
    [
        *(f"{URN}:{name}" for name in NAMES),
        *(URN, URN.upper(), f"{URN}:parts.value", f"{URN}:parts.secret", f'{URN}:many[type eq "a"].value'),
        *(f"{URN}:many[primary eq true]", f"{URN}:many.value", "text", "whole", f"{URN}.text", None),
    ]
)
LIKELY: dict[str, list[Any]] = {
    "text": ["a", "b", 1, ["a"]],
    "whole": [3],
    "truth": [True, "False"],
    "parts": [{"value": "a"}, {"value": "b", "secret": "s"}],
    "many": [[{"type": "a", "value": "b", "primary": True}]],
    "fixed": ["a", "b"],
}
LIKELY_CONTENT = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in LIKELY.items()}
)
LIKELY_OPERATIONS = st.sampled_from(
    [
        {"op": op, "path": f"{URN}:{name}", **({} if op == "remove" else {"value": value})}
        for name, values in LIKELY.items()
        for value in values
        for op in ("add", "replace", "remove")
    ]
)
OPERATIONS = LIKELY_OPERATIONS | st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove"])},
    optional={"path": PATHS, "value": ANYTHING | st.dictionaries(st.just(URN), ANYTHING, max_size=1)},
)

TEXT: Resource = {"name": "text"}
COMPLEX: list[JsonValue] = [
    {"name": "value"},
    {"name": "type"},
    {"name": "primary", "type": "boolean"},
    {"name": "secret", "mutability": "writeOnly"},
]
VARIANTS: list[list[JsonValue]] = [
    [TEXT],
    [{**TEXT, "uniqueness": "server"}, {"name": "whole", "type": "integer"}],
    [{**TEXT, "required": True}, {"name": "truth", "type": "boolean", "returned": "never"}],
    [{**TEXT, "type": "integer"}],
    [{**TEXT, "multiValued": True}, {"name": "parts", "type": "complex", "subAttributes": COMPLEX}],
    [
        TEXT,
        {"name": "whole", "type": "integer"},
        {"name": "truth", "type": "boolean"},
        {"name": "parts", "type": "complex", "subAttributes": COMPLEX},
        {"name": "many", "type": "complex", "multiValued": True, "subAttributes": COMPLEX},
        {"name": "fixed", "mutability": "immutable"},
        {"name": "secret", "mutability": "writeOnly"},
        {"name": "shown", "mutability": "readOnly"},
    ],
]
SCHEMAS = [
    custom_schema({"id": URN, "extends": {"User": must}, "attributes": variant})
    for variant in VARIANTS
    for must in ("optional", "required")
]
CONTAINERS = st.just({}) | LIKELY_CONTENT | ANYTHING
REQUESTS = st.one_of(
    st.tuples(st.just("POST"), st.integers(0, 1), CONTAINERS),
    st.tuples(st.just("PUT"), st.integers(0, 1), CONTAINERS),
    st.tuples(st.just("PATCH"), st.integers(0, 1), st.lists(OPERATIONS, min_size=1, max_size=3)),
    st.tuples(st.just("DELETE"), st.integers(0, 1), st.none()),
)
CHANGES = st.tuples(st.just("define"), st.sampled_from([*SCHEMAS, None]), st.none())


class World:
    """A tenant with a source that sends and an operator who defines."""

    def __init__(self, runner: asyncio.Runner, desk: Desk) -> None:
        self._runner = runner
        self._desk = desk
        self._app: ASGIApp = create(desk)
        self._token = runner.run(scim_source(desk, "hr")).reveal()

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """What the endpoint answers."""
        headers = {b"authorization": f"Bearer {self._token}".encode(), b"host": b"acme.example"}
        data = b"" if body is None else msgspec.json.encode(body)
        return self._runner.run(ask(self._app, method, f"/scim/v2{path}", headers=headers, body=data))

    def send(self, method: str, number: int, content: Any) -> None:  # noqa: ANN401 - any JSON
        """The source speaks of one of a few users; whatever it says, it is answered."""
        listed = self.ask("GET", "/Users").json()["Resources"]
        known = next((one["id"] for one in listed if one["userName"] == f"p{number}"), "none")
        path = "/Users" if method == "POST" else f"/Users/{known}"
        body: object = {**user(f"p{number}"), URN: content}
        if method == "PATCH":
            body = {"schemas": [PATCH_URN], "Operations": content}
        answer = self.ask(method, path, None if method == "DELETE" else body)

        assert answer.status < 500, (answer.status, answer.body)

    def define(self, custom: CustomSchema | None) -> None:
        """The operator defines the schema, or removes it; what is stored may stand against it."""
        try:
            if custom is not None:
                self._runner.run(put_schema(self._desk, OPERATOR, custom))
            elif self._runner.run(all_schemas(self._desk)):
                self._runner.run(remove_schema(self._desk, OPERATOR, URN))
        except BadInput as error:
            if error.problem.code != "MUSTER-SCHEMA-IN-USE":
                raise

    def check(self) -> None:
        """Everybody fits the schema that stands, and is shown as they are stored."""
        defined = self._runner.run(all_schemas(self._desk))
        if not defined:
            return
        schema = defined[0].schema
        held = self._runner.run(self._desk.db.read(self._held))
        for _, key, container in held:
            assert key == URN
            assert container == fitted(container, schema)
        if defined[0].extends["User"]:
            assert len(held) == self.ask("GET", "/Users").json()["totalResults"]
        if any(one.uniqueness == "server" for one in schema.attributes):
            unique = [container["text"].casefold() for _, _, container in held if "text" in container]
            assert len(unique) == len(set(unique))

    async def _held(self, tx: Transaction) -> list[tuple[str, str, Any]]:
        found = stored.holders(tx, self._desk.tenant, "User", URN)
        return [(holder.id, holder.key, holder.resource[holder.key]) async for holder in found]


@pytest.fixture
def worlds(database_url: str) -> Generator[Any]:
    """Makes worlds on one database, each a tenant of its own."""
    with asyncio.Runner() as runner:
        opening = open_desk(database_url)
        desk = runner.run(opening.__aenter__())
        numbers = iter(range(1_000_000))
        yield lambda: World(runner, as_tenant(desk, f"tenant{next(numbers)}"))
        runner.run(opening.__aexit__(None, None, None))


def test_what_is_stored_fits_the_schema_that_stands(worlds: Any) -> None:  # noqa: ANN401 - makes worlds
    """Through any requests and any changes of the schema, refused ones included."""

    @settings(max_examples=40)
    @given(st.lists(REQUESTS | CHANGES, max_size=10))
    def hold(steps: list[tuple[str, Any, Any]]) -> None:
        world: World = worlds()
        for what, which, content in steps:
            if what == "define":
                world.define(which)
            else:
                world.send(what, which, content)
            world.check()

    hold()


def test_any_content_is_answered(worlds: Any) -> None:  # noqa: ANN401 - makes worlds
    """Arbitrary JSON under a schema of every type of attribute, by every method."""

    @settings(max_examples=40)
    @given(st.sampled_from(SCHEMAS), st.lists(REQUESTS, min_size=1, max_size=8))
    def hold(custom: CustomSchema, steps: list[tuple[str, int, Any]]) -> None:
        world: World = worlds()
        world.define(custom)
        for what, which, content in steps:
            world.send(what, which, content)
            world.check()

    hold()
