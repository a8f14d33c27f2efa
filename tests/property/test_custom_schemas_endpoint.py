"""Whatever schema an operator defines, what a source writes under it is what it reads."""

import asyncio
import itertools
from collections.abc import Generator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi import Answer, ask
from desk import OPERATOR, as_tenant, open_desk, scim_source
from made_schemas import contents, custom_schemas
from muster.scim.extending import CustomSchema
from muster.scim.schema import Attribute, Returned
from muster.service.desk import Desk
from muster.service.schemas import put_schema
from muster.web import create
from scim_door import group, user

GIVEN = custom_schemas().flatmap(lambda custom: st.tuples(st.just(custom), contents(custom.schema)))


class Doors:
    """Endpoints on one database, each of a tenant of its own, in an event loop of their own."""

    def __init__(self, runner: asyncio.Runner, desk: Desk) -> None:
        self._runner = runner
        self._desk = desk
        self._numbers = itertools.count()

    def open(self, custom: CustomSchema) -> "Door":
        """One more, whose operator has defined this schema."""
        desk = as_tenant(self._desk, f"tenant{next(self._numbers)}")
        token = self._runner.run(scim_source(desk, "hr")).reveal()
        self._runner.run(put_schema(desk, OPERATOR, custom))
        return Door(self._runner, desk, token)


class Door:
    """One endpoint."""

    def __init__(self, runner: asyncio.Runner, desk: Desk, token: str) -> None:
        self._runner = runner
        self._app = create(desk)
        self._token = token

    def ask(self, method: str, path: str, body: object = b"", query: str = "") -> Answer:
        """What it answers."""
        headers = {b"authorization": f"Bearer {self._token}".encode(), b"host": b"acme.example"}
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self._runner.run(
            ask(self._app, method, f"/scim/v2{path}", query=query.encode(), headers=headers, body=data)
        )


@pytest.fixture
def doors(database_url: str) -> Generator[Doors]:
    """On each database."""
    with asyncio.Runner() as runner:
        opening = open_desk(database_url)
        yield Doors(runner, runner.run(opening.__aenter__()))
        runner.run(opening.__aexit__(None, None, None))


def shown(content: Any, known: tuple[Attribute, ...], *kinds: Returned) -> Any:  # noqa: ANN401 - any JSON
    """The part of the content that is returned so; what becomes empty is not there."""
    if isinstance(content, list):
        return [part for item in content if (part := shown(item, known, *kinds)) != {}]
    if not isinstance(content, dict) or not known:
        return content
    found = {
        one.name: shown(content[one.name], one.sub_attributes, *kinds)
        for one in known
        if one.name in content and one.returned in kinds
    }
    return {name: part for name, part in found.items() if part not in ({}, [])}


def test_what_is_written_under_a_schema_is_read(doors: Doors) -> None:
    """POST answers, and GET gives, every value that is returned by default; asked for, those on request."""

    @settings(max_examples=60)
    @given(GIVEN)
    def hold(made: tuple[CustomSchema, dict[str, Any]]) -> None:
        custom, content = made
        urn, known = custom.schema.urn, custom.schema.attributes
        door = doors.open(custom)
        of_user = "User" in custom.extends
        body = {**(user("ana") if of_user else group("Design")), **({urn: content} if content else {})}
        created = door.ask("POST", "/Users" if of_user else "/Groups", body)
        must = custom.extends["User" if of_user else "Group"]
        if must and not content:
            assert 400 == created.status
            return
        answered = created.json()
        place = f"/{'Users' if of_user else 'Groups'}/{answered['id']}"
        read, asked = (door.ask("GET", place, query=query) for query in ("", f"attributes={quote(urn)}"))

        assert 201 == created.status, answered
        usual = shown(content, known, Returned.DEFAULT, Returned.ALWAYS)
        assert usual == answered.get(urn, {}) == read.json().get(urn, {})
        assert answered == read.json()
        told = door.ask("GET", f"/Schemas/{urn}")
        assert 200 == told.status
        if all(one.returned is not Returned.REQUEST for part in known for one in part.sub_attributes):
            everything = shown(content, known, Returned.DEFAULT, Returned.ALWAYS, Returned.REQUEST)
            assert everything == asked.json().get(urn, {})

    hold()
