"""One record of the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from muster.model import AppName, OperationId, PersonId, Tenant


class Action(StrEnum):
    """What a record is about, as ``subject:verb``."""

    PERSON_CREATE = "person:create"
    PERSON_UPDATE = "person:update"
    PERSON_LEAVE = "person:leave"
    PERSON_RETURN = "person:return"
    PERSON_DELETE = "person:delete"
    GROUP_CREATE = "group:create"
    GROUP_UPDATE = "group:update"
    GROUP_DELETE = "group:delete"
    IMPORT_RUN = "import:run"
    SOURCE_ADD = "source:add"
    SOURCE_UPDATE = "source:update"
    TOKEN_ADD = "token:add"  # noqa: S105 - names an action
    TOKEN_ROTATE = "token:rotate"  # noqa: S105 - names an action
    TOKEN_REVOKE = "token:revoke"  # noqa: S105 - names an action
    APP_ADD = "app:add"
    APP_UPDATE = "app:update"
    APP_QUARANTINE = "app:quarantine"
    APP_RECOVER = "app:recover"
    SCHEMA_ADD = "schema:add"
    SCHEMA_UPDATE = "schema:update"
    SCHEMA_REMOVE = "schema:remove"
    RULE_ADD = "rule:add"
    RULE_UPDATE = "rule:update"
    RULE_REMOVE = "rule:remove"
    ACCOUNT_READ = "account:read"
    ACCOUNT_CREATE = "account:create"
    ACCOUNT_LINK = "account:link"
    ACCOUNT_UPDATE = "account:update"
    ACCOUNT_ENABLE = "account:enable"
    ACCOUNT_DISABLE = "account:disable"
    ACCOUNT_DELETE = "account:delete"
    ACCOUNT_UNLINK = "account:unlink"
    ACCOUNT_ASK = "account:ask"
    ACCOUNT_HOLD = "account:hold"
    ACCOUNT_PARK = "account:park"


class Result(StrEnum):
    """How it went."""

    INTENDED = "intended"  # about to be sent; the outcome is another record with the same operation
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"  # sent, and no trustworthy answer came
    REFUSED = "refused"  # not even tried: bad input, guard, missing right


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Who did what, when, why, and how it went. ``before`` and ``after`` never hold secrets."""

    id: str
    tenant: Tenant
    at: datetime
    action: Action
    actor: str  # cli:root, source:hr, worker
    cause: str  # what led here, in words a person can follow back: import people.csv, SCIM PATCH …
    result: Result
    person: PersonId | None = None
    app: AppName | None = None
    operation: OperationId | None = None
    code: str = ""  # the stable code of the problem, if there was one
    before: Mapping[str, object] = field(default_factory=dict[str, object])
    after: Mapping[str, object] = field(default_factory=dict[str, object])
    detail: Mapping[str, object] = field(default_factory=dict[str, object])
    duration: timedelta | None = None
