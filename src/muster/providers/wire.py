"""Requests as a provider sends them, and the answers, both kept in order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

PATCH_URN: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_SECONDS: Final = 30  # a server that takes longer for one request is not answering


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; ``body`` is JSON, or None where there is none."""

    status: int
    headers: dict[str, str]  # names in small letters
    body: Any

    @property
    def id(self) -> str:
        """The id of the resource in the body."""
        return str(self.body["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer."""

    method: str
    target: str
    sent: object
    answer: Answer

    def __str__(self) -> str:
        """Return both on a few lines, for a person who looks for the difference."""
        sent = "" if self.sent is None else f" {json.dumps(self.sent)}"
        return (
            f"{self.method} {self.target}{sent}\n→ {self.answer.status} {json.dumps(self.answer.body)[:2000]}"
        )


class Refused(Exception):
    """The server answered something that the provider shows to its operator as a failure."""

    def __init__(self, provider: str, why: str, exchange: Exchange) -> None:
        """Say who could not go on, why, and at which exchange."""
        super().__init__(f"{provider}: {why}\n{exchange}")
        self.exchange = exchange


@dataclass(slots=True, kw_only=True)
class Wire:
    """A way to one SCIM server, with the headers that the provider sends."""

    provider: str
    url: str  # the base URL, as an operator pastes it
    token: str
    content_type: str = "application/scim+json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    exchanges: list[Exchange] = field(default_factory=list[Exchange])

    def ask(self, method: str, path: str, body: object = None, **query: str) -> Answer:
        """Send one request and return its answer, whatever it is."""
        parts = urlsplit(self.url)
        target = f"{parts.path.rstrip('/')}{path}{_query(query)}"
        headers = {"Authorization": f"Bearer {self.token}", "Accept": self._accepts(), **self.headers}
        data = None
        if body is not None:
            headers["Content-Type"] = self.content_type
            data = json.dumps(body).encode()
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.netloc, timeout=_SECONDS)
        try:
            connection.request(method, target, data, headers)
            response = connection.getresponse()
            answer = Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=_json(response.read()),
            )
        finally:
            connection.close()
        self.exchanges.append(Exchange(method=method, target=target, sent=body, answer=answer))
        return answer

    def expect(self, *statuses: int, method: str, path: str, body: object = None, **query: str) -> Answer:
        """Send one request and return its answer.

        Raises:
            Refused: Its status is none of those that the provider goes on from.
        """
        answer = self.ask(method, path, body, **query)
        if answer.status not in statuses:
            raise self.refused(f"expects {' or '.join(map(str, statuses))}")
        return answer

    def get(self, path: str, **query: str) -> Answer:
        """Read something that must be there.

        Raises:
            Refused: It is not.
        """
        return self.expect(200, method="GET", path=path, **query)

    def find(self, path: str, *, missing: frozenset[int] = frozenset(), **query: str) -> list[Any]:
        """The resources of a list.

        Args:
            path: Of the collection.
            missing: Statuses that mean an empty list to the provider.
            query: Filter, paging and the like.

        Raises:
            Refused: The answer is no ListResponse.
        """
        answer = self.expect(200, *missing, method="GET", path=path, **query)
        if answer.status in missing:
            return []
        body = _object(answer.body)
        if type(body.get("totalResults")) is not int or not isinstance(body.get("Resources", []), list):
            raise self.refused("expects a ListResponse with totalResults as a number")
        found: list[Any] = body.get("Resources", [])
        return found

    def create(self, path: str, body: object) -> Answer:
        """Create a resource and return it.

        Raises:
            Refused: It was not created, or has no id.
        """
        answer = self.expect(201, method="POST", path=path, body=body)
        if not isinstance(_object(answer.body).get("id"), str):
            raise self.refused("expects the created resource, with its id")
        return answer

    def put(self, path: str, body: object) -> Answer:
        """Replace a resource.

        Raises:
            Refused: It was not replaced.
        """
        return self.expect(200, method="PUT", path=path, body=body)

    def patch(self, path: str, *operations: Mapping[str, object]) -> Answer:
        """Change a resource by these operations.

        Raises:
            Refused: It was not changed.
        """
        body = {"schemas": [PATCH_URN], "Operations": list(operations)}
        return self.expect(200, 204, method="PATCH", path=path, body=body)

    def delete(self, path: str) -> Answer:
        """Delete a resource; one that is gone already is no failure.

        Raises:
            Refused: It is still there.
        """
        return self.expect(204, 404, method="DELETE", path=path)

    def refused(self, why: str) -> Refused:
        """The failure that the last exchange means."""
        return Refused(self.provider, why, self.exchanges[-1])

    def _accepts(self) -> str:
        return self.content_type.partition(";")[0]


def equal(attribute: str, value: str) -> str:
    """The filter that compares an attribute with a text.

    >>> equal("userName", "ana")
    'userName eq "ana"'
    """
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"


def _query(query: dict[str, str]) -> str:
    pairs = (f"{name}={quote(value, safe='')}" for name, value in query.items())
    return "?" + "&".join(pairs) if query else ""


def _object(body: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the server says
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _json(data: bytes) -> Any:  # noqa: ANN401 - whatever the server says
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")
