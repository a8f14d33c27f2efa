"""Sending the requests that an RFC prints, and seeing the answers in the RFC's own words.

An RFC's ids are not ours. ``Replay`` knows which of ours stands for which of its, and changes one into the
other in both directions, so that an answer can be compared with the answer printed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from rfc.examples import Example, example
from scim_in_process import Speaker

BARBARA: Final = "2819c223-7f76-453a-919d-413861904646"
JAMES: Final = "08e1d05d-121c-4561-8b96-473d93df9210"
GROUP: Final = "acbf3ae7-8463-4692-b4fd-9b4da3f908ce"
BASE: Final = "https://example.com/v2"
_OURS: Final = "http://example.com/scim/v2"
_OWN: Final = ("created", "lastModified", "version")  # of ``meta``: no two servers have the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An answer in the RFC's words; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Speaks for one source; ``ids`` has our id for each of the RFC's."""

    speaker: Speaker
    ids: dict[str, str] = field(default_factory=dict)

    def send(self, name: str | Example, **headers: str) -> Seen:
        """What the request of this example is answered.

        ``If-Match`` and ``If-None-Match`` are sent only when given here: the RFC's versions are not ours.
        """
        request = example(name) if isinstance(name, str) else name
        path, _, query = request.target.removeprefix("/v2").partition("?")
        return self.ask(
            request.method,
            path,
            request.body,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            **headers,
        )

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        **headers: str,
    ) -> Seen:
        """What a request in the RFC's words is answered."""
        data = b"" if body is None else self._ours(msgspec.json.encode(body).decode()).encode()
        parameters = {name: self._ours(value) for name, value in (query or {}).items()}
        sent = {"Host": "example.com", "Accept": "application/scim+json", **headers}
        answer = self.speaker.ask(method, self._ours(path), data, query=parameters, **sent)
        return Seen(
            status=answer.status,
            headers={name.decode(): self._theirs(value.decode()) for name, value in answer.headers.items()},
            body=msgspec.json.decode(self._theirs(answer.body.decode())) if answer.body else None,
        )

    def create(self, path: str, body: Mapping[str, object], id: str = "") -> Seen:
        """Create a resource, which has this id in the RFC."""
        created = self.ask("POST", path, body)
        if created.status != 201:
            raise AssertionError(created)
        if id:
            self.ids[id] = created.body["id"]
        return created

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The resource at this path."""
        seen = self.ask("GET", path)
        if seen.status != 200:
            raise AssertionError(seen)
        return seen.body

    def _ours(self, text: str) -> str:
        for theirs, ours in self.ids.items():
            text = text.replace(theirs, ours)
        return text.replace(BASE, _OURS)

    def _theirs(self, text: str) -> str:
        for theirs, ours in self.ids.items():
            text = text.replace(ours, theirs)
        return text.replace(_OURS, BASE)


def without_own(body: Any) -> Any:  # noqa: ANN401 - JSON
    """The body, with what every server has its own of, times and versions, only named."""
    match body:
        case dict():
            named = {key: without_own(value) for key, value in body.items()}
            meta = named.get("meta")
            if isinstance(meta, dict):
                named["meta"] = {key: "its own" if key in _OWN else value for key, value in meta.items()}
            return named
        case list():
            return [without_own(item) for item in body]
        case _:
            return body
