"""The endpoint answers as its OpenAPI document says, whatever is sent: schemathesis makes the requests up."""

from collections.abc import Generator
from typing import Final
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests import PreparedRequest, Request
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import scim_openapi
from scim_door import USER_URN, group, user
from scim_in_process import BASE, Speaker, open_room

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
API: Final = schemathesis.openapi.from_dict(scim_openapi.document())
FOUND: Final = [found.ok() for found in API.get_all_operations()]
OPERATIONS: Final = {f"{one.method.upper()} {one.path}": one for one in FOUND}


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Generator[Speaker]:
    """A source at an endpoint that answers in this process."""
    with open_room(f"sqlite:///{tmp_path_factory.mktemp('openapi') / 'muster.db'}") as room:
        yield room.source("hr")


def test_the_document_is_the_published_one() -> None:
    """``docs/reference/scim.openapi.json`` is what ``python -m tests.scim_openapi`` writes."""
    assert scim_openapi.written() == scim_openapi.PLACE.read_text()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_answer_is_one_of_the_document(speaker: Speaker, name: str) -> None:
    """Right requests and wrong ones get a status, a type and a body of the document, and never a 5xx."""
    operation = OPERATIONS[name]
    known = {
        "Users": speaker.post("/Users", user(f"user of {name}")).json()["id"],
        "Groups": speaker.post("/Groups", group(f"group of {name}")).json()["id"],
        "ResourceTypes": "User",
        "Schemas": USER_URN,
    }
    asks = speaker.room.own(known["Users"]) if operation.path == "/Me" else speaker
    place = {
        one: known[operation.path.split("/")[1]] for one in ("id", "name", "urn") if f"{{{one}}}" in name
    }
    modes = st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    cases = modes.flatmap(operation.as_strategy) | operation.as_strategy(path_parameters=place or None)

    @settings(max_examples=settings.default.max_examples // 5, suppress_health_check=list(HealthCheck))
    @given(cases)
    def hold(case: Case) -> None:
        request = Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
        case.validate_response(answered(asks, request), checks=CHECKS)

    hold()


def answered(speaker: Speaker, request: PreparedRequest) -> Response:
    """What the endpoint answers to the request, whoever made it up."""
    url = urlsplit(str(request.url))
    content = {
        name: value
        for name, value in request.headers.items()
        if name in {"Content-Type", "If-Match", "If-None-Match"}
    }
    body = request.body or b""
    answer = speaker.ask(
        str(request.method),
        url.path.removeprefix(speaker.prefix),
        body if isinstance(body, bytes) else body.encode(),
        query=url.query,
        **content,
    )
    headers = {name.decode(): [value.decode()] for name, value in answer.headers.items()}
    return Response(answer.status, headers, answer.body, request=request, elapsed=0, verify=False)
