"""The least a SCIM server on SQLite can do: no schema, no scopes, no log, no marks, just these requests.

It is no peer but a floor: what a request costs when nothing is checked and nothing is recorded. It knows the
requests of the bench and no others, and believes every word of them.
"""

import os
import re
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

_TABLES: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT UNIQUE, shown TEXT, document TEXT);
CREATE INDEX shown ON users (shown);
CREATE TABLE groups (id TEXT PRIMARY KEY, document TEXT) WITHOUT ROWID;
CREATE TABLE members (in_group TEXT, user TEXT, PRIMARY KEY (in_group, user)) WITHOUT ROWID;
"""
_FILTER: Final = re.compile(r'(userName|displayName) (eq|co) "([^"]*)"')
_SELECTED: Final = re.compile(r'members\[value eq "([^"]*)"\]')
_LIST: Final = (
    b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":%d,"Resources":[%s]}'
)
_JSON: Final = [(b"content-type", b"application/scim+json")]
_EXPECTED: Final = f"Bearer {os.environ['TOKEN']}".encode()

_db: Final = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, cached_statements=256)
_db.executescript(_TABLES)

Message = MutableMapping[str, Any]


async def application(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer one request (ASGI)."""
    if dict(scope["headers"]).get(b"authorization") != _EXPECTED:
        status, body = 401, b"{}"
    elif scope["method"] == "GET":
        status, body = _read(scope["path"], parse_qs(scope["query_string"].decode()))
    else:
        status, body = _write(scope["method"], scope["path"], msgspec.json.decode(await _body_of(receive)))
    await send({"type": "http.response.start", "status": status, "headers": _JSON + _length(body)})
    await send({"type": "http.response.body", "body": body})


def _length(body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", b"%d" % len(body))]


async def _body_of(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _read(path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
    match path.split("/")[1:]:
        case ["Users", id_]:
            return _found(_db.execute("SELECT document FROM users WHERE id = ?", (id_,)).fetchone())
        case ["Groups", id_]:
            return _group(id_, query)
        case _ if "filter" in query:
            return 200, _listed(*_filtered(query["filter"][0]))
        case _:
            return 200, _listed(*_page(int(query.get("startIndex", ["1"])[0]), int(query["count"][0])))


def _found(row: tuple[str] | None) -> tuple[int, bytes]:
    return (404, b"{}") if row is None else (200, row[0].encode())


def _listed(total: int, documents: list[tuple[str]]) -> bytes:
    return _LIST % (total, ",".join(document for (document,) in documents).encode())


def _filtered(text: str) -> tuple[int, list[tuple[str]]]:
    name, operator, value = _FILTER.fullmatch(text).groups()  # type: ignore[union-attr]
    column = "name" if name == "userName" else "shown"
    test = f"{column} = ?" if operator == "eq" else f"instr({column}, ?)"
    query = f"SELECT document FROM users WHERE rowid IN (SELECT rowid FROM users WHERE {test})"  # noqa: S608
    rows = _db.execute(query, (value,)).fetchall()
    return len(rows), rows


def _page(start: int, count: int) -> tuple[int, list[tuple[str]]]:
    total = _db.execute("SELECT COUNT(*) FROM users").fetchone()[0]
    page = "SELECT document FROM users WHERE rowid IN (SELECT rowid FROM users ORDER BY id LIMIT ? OFFSET ?)"
    return total, _db.execute(page, (count, start - 1)).fetchall()


def _group(id_: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
    status, body = _found(_db.execute("SELECT document FROM groups WHERE id = ?", (id_,)).fetchone())
    if "excludedAttributes" in query:
        return status, body
    members = _db.execute("SELECT user FROM members WHERE in_group = ?", (id_,)).fetchall()
    document = {**msgspec.json.decode(body), "members": [{"value": user} for (user,) in members]}
    return status, msgspec.json.encode(document)


def _write(method: str, path: str, given: dict[str, Any]) -> tuple[int, bytes]:
    _db.execute("BEGIN IMMEDIATE")
    try:
        match (method, path.split("/")[1:]):
            case ("POST", ["Users"]):
                answer = 201, _user_added(given)
            case ("POST", ["Groups"]):
                answer = 201, _group_added(given)
            case (_, ["Users", id_]):
                answer = 200, _user_changed(id_, given["Operations"][0])
            case (_, [_, id_]):
                answer = _member_changed(id_, given["Operations"][0])
            case _:
                answer = 404, b"{}"
    finally:
        _db.execute("COMMIT")
    return answer


def _user_added(user: dict[str, Any]) -> bytes:
    user["id"] = os.urandom(16).hex()
    body = msgspec.json.encode(user)
    row = (user["id"], user["userName"], user.get("displayName"), body.decode())
    _db.execute("INSERT INTO users VALUES (?, ?, ?, ?)", row)
    return body


def _group_added(group: dict[str, Any]) -> bytes:
    group["id"] = os.urandom(16).hex()
    members = group.pop("members", [])
    body = msgspec.json.encode(group)
    _db.execute("INSERT INTO groups VALUES (?, ?)", (group["id"], body.decode()))
    _db.executemany("INSERT INTO members VALUES (?, ?)", [(group["id"], one["value"]) for one in members])
    return body


def _user_changed(id_: str, operation: dict[str, Any]) -> bytes:
    row = _db.execute("SELECT document FROM users WHERE id = ?", (id_,)).fetchone()
    user = msgspec.json.decode(row[0]) | {operation["path"]: operation["value"]}
    body = msgspec.json.encode(user)
    changed = (user.get("displayName"), body.decode(), id_)
    _db.execute("UPDATE users SET shown = ?, document = ? WHERE id = ?", changed)
    return body


def _member_changed(id_: str, operation: dict[str, Any]) -> tuple[int, bytes]:
    if selected := _SELECTED.fullmatch(operation["path"]):
        _db.execute("DELETE FROM members WHERE in_group = ? AND user = ?", (id_, selected[1]))
    else:
        members = [(id_, one["value"]) for one in operation["value"]]
        _db.executemany("INSERT OR IGNORE INTO members VALUES (?, ?)", members)
    return _found(_db.execute("SELECT document FROM groups WHERE id = ?", (id_,)).fetchone())
