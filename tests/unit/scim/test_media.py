import pytest

from muster.scim.media import accepts_scim, is_scim


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/scim+json",
        "Application/SCIM+JSON; charset=utf-8",
        "application/json",
        "application/json;v=1",
    ],
)
def test_scim_bodies(content_type: str | None) -> None:
    """SCIM and plain JSON are read, whatever the parameters; without a type the body decides."""
    assert is_scim(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "application/xml",
        "application/scim+jsonx",
        ";",
        "application/json; charset=utf-16",
        'application/scim+json;CHARSET="latin1"',
        "application/json; charset=utf-8; charset=utf-7",
    ],
)
def test_other_bodies(content_type: str) -> None:
    """Anything else is not a SCIM message, nor is JSON in another encoding than UTF-8."""
    assert not is_scim(content_type)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/*;q=0.5",
        "text/html, application/scim+json",
        "application/json;q=1.0",
        "*/*;v=0",
    ],
)
def test_clients_that_take_scim(accept: str | None) -> None:
    """A wildcard, either type or no preference will do."""
    assert accepts_scim(accept)


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*; q=0.0", "image/*"])
def test_clients_that_do_not(accept: str) -> None:
    """A weight of zero refuses what it stands beside."""
    assert not accepts_scim(accept)
