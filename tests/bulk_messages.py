"""Bulk requests as tests write them: operations whose bulkId is also the name of what they create."""

from typing import Any

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP_URN, USER_URN
from muster.scim.bulk_request import BULK_REQUEST_URN
from muster.scim.patch_request import PATCH_URN


def message(*operations: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A bulk request."""
    return {"schemas": [BULK_REQUEST_URN], "Operations": list(operations), **more}


def hire(bulk_id: str, boss: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The creation of a user, whose manager may be another operation's."""
    data: dict[str, Any] = {"schemas": [USER_URN], "userName": bulk_id, **more}
    if boss is not None:
        data[ENTERPRISE_USER_URN] = {"manager": {"value": f"bulkId:{boss}"}}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def gather(bulk_id: str, *members: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The creation of a group of other operations' resources."""
    listed = [{"value": f"bulkId:{member}"} for member in members]
    data = {"schemas": [GROUP_URN], "displayName": bulk_id, "members": listed, **more}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def change(path: str, *operations: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A PATCH."""
    data = {"schemas": [PATCH_URN], "Operations": list(operations)}
    return {"method": "PATCH", "path": path, "data": data, **more}


def put(path: str, data: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A PUT."""
    return {"method": "PUT", "path": path, "data": data, **more}


def delete(path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A DELETE."""
    return {"method": "DELETE", "path": path, **more}


def set_title(title: str) -> dict[str, Any]:
    """One operation of a PATCH."""
    return {"op": "replace", "path": "title", "value": title}
