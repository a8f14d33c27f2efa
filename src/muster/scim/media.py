"""The media types of SCIM messages (RFC 7644 §3.1, §8.1)."""

SCIM_JSON = "application/scim+json"
JSON = "application/json"
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})


def is_scim(content_type: str | None) -> bool:
    """Tell whether a body of this content type can be a SCIM message.

    >>> is_scim("application/scim+json; charset=utf-8")
    True

    Providers such as OneLogin send plain JSON, which RFC 7644 §3.1 allows; without a type the body decides.
    JSON is UTF-8 (RFC 8259 §8.1), so another ``charset`` is another type.
    """
    if content_type is None or not content_type.strip():
        return True
    name, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = (part.partition("=")[2].strip(' "') for part in parameters if part.startswith("charset"))
    return name in {SCIM_JSON, JSON} and all(charset in _UTF8 for charset in charsets)


def accepts_scim(accept: str | None) -> bool:
    """Tell whether a client that sends this ``Accept`` header can be answered with SCIM.

    >>> accepts_scim("text/html, */*;q=0.1")
    True
    """
    if accept is None or not accept.strip():
        return True
    return any(_is_wanted(item) for item in accept.split(","))


def _is_wanted(item: str) -> bool:
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    weights = (part.partition("=")[2].strip() for part in parameters if part.partition("=")[0].strip() == "q")
    refused = any(not weight.strip("0.") for weight in weights)
    return name in {SCIM_JSON, JSON, "*/*", "application/*"} and not refused
