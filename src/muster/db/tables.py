"""The schema. ``tenant`` is first in every key.

Times are microseconds, structured values JSON (see ``columns``).

The statements that use these tables stand in the wings (``directory``, ``work``, ``audit``); a test compares
this page with what the migrations build, on both databases.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

metadata: Final = MetaData()


def _json() -> TypeEngine[Any]:
    return Text().with_variant(JSONB(), "postgresql")


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def _number(name: str, *, null: bool = False, default: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=null, server_default=default)


sources: Final = Table(
    "sources",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("name"),
    _text("type"),  # scim | file
    _number("created_at"),
    Column("dialect", _json(), nullable=True),  # choices that differ from the usual
    PrimaryKeyConstraint("tenant", "id"),
    Index("sources_name", "tenant", "name", unique=True),
)

tokens: Final = Table(
    "tokens",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("source"),
    _text("hash"),  # SHA-256 of the token; the token itself is shown once and kept nowhere
    _text("prefix"),
    Column("scopes", Text, nullable=False, server_default=text("''")),  # what it may do, with spaces between
    _text("person", null=True),  # whose own token it is
    _number("requests_per_second", null=True),
    _number("created_at"),
    _number("expires_at", null=True),
    _number("revoked_at", null=True),
    _number("last_used_at", null=True),
    PrimaryKeyConstraint("tenant", "id"),
    Index(
        "tokens_hash", "hash", unique=True
    ),  # the token decides tenant and source, so it is looked up without them
)

people: Final = Table(
    "people",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("source"),
    _text("external_id", null=True),
    _text("user_name"),
    _text("user_key"),  # user_name normalised, for comparison
    _text("stage"),  # active | left
    Column(
        "resource", _json(), nullable=False
    ),  # the SCIM User resource without id, meta, groups, active, externalId
    Column("schemas", Text, nullable=False),  # the schemas the resource uses, as a JSON list
    Column("active_unassigned", Integer, nullable=False, server_default="0"),  # 1: its source took it away
    _number("version"),
    _number("created_at"),
    _number("changed_at"),
    _number("left_at", null=True),
    _number("mustered_out_at", null=True),  # by a named person: no source brings them back
    _number("deleted_at", null=True),  # removed by its source: hidden from it, remembered by us
    PrimaryKeyConstraint("tenant", "id"),
    Index(
        "people_user_key",
        "tenant",
        "source",
        "user_key",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(
        "people_external_id",
        "tenant",
        "source",
        "external_id",
        unique=True,
        sqlite_where=text("deleted_at IS NULL AND external_id IS NOT NULL"),
        postgresql_where=text("deleted_at IS NULL AND external_id IS NOT NULL"),
    ),
    Index(
        "people_former_external_id",
        "tenant",
        "source",
        "external_id",
        sqlite_where=text("deleted_at IS NOT NULL AND external_id IS NOT NULL"),
        postgresql_where=text("deleted_at IS NOT NULL AND external_id IS NOT NULL"),
    ),
    Index(
        "people_left",
        "tenant",
        "source",
        "left_at",
        sqlite_where=text("left_at IS NOT NULL"),
        postgresql_where=text("left_at IS NOT NULL"),
    ),
    Index("people_name", "tenant", "user_key"),
    Index(
        "people_listed",
        "tenant",
        "source",
        "id",
        "stage",  # with these two, people are counted without a look at them
        "deleted_at",
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(
        "people_changed",
        "tenant",
        "source",
        "changed_at",
        "id",
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

match_values: Final = Table(  # what people are found by, one row for each value
    "match_values",
    metadata,
    _text("tenant"),
    _text("source"),
    _text("path"),
    # Folded where letter case does not count; in the order of code points, whatever the database's own.
    Column("value", Text().with_variant(Text(collation="C"), "postgresql"), nullable=False),
    _text("person"),
    Column("cut", Integer, nullable=False),  # 1 where this is only the beginning of the value
    PrimaryKeyConstraint("tenant", "source", "path", "value", "person"),
    sqlite_with_rowid=False,
)

groups: Final = Table(
    "groups",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("source"),
    _text("external_id", null=True),
    _text("name"),
    _text("name_key"),
    Column(
        "resource", _json(), nullable=False
    ),  # the SCIM Group resource without id, meta, members, externalId
    _number("version"),
    _number("created_at"),
    _number("changed_at"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("groups_name_key", "tenant", "source", "name_key", unique=True),
)

memberships: Final = Table(
    "memberships",
    metadata,
    _text("tenant"),
    _text("group_id"),
    _text("person"),
    _number("since"),
    PrimaryKeyConstraint("tenant", "group_id", "person"),
    Index("memberships_person", "tenant", "person", "group_id"),
)

nestings: Final = Table(
    "nestings",
    metadata,
    _text("tenant"),
    _text("group_id"),
    _text("member"),  # the group inside
    _number("since"),
    PrimaryKeyConstraint("tenant", "group_id", "member"),
    Index("nestings_member", "tenant", "member", "group_id"),
)

schemas: Final = Table(
    "schemas",
    metadata,
    _text("tenant"),
    _text("urn_key"),  # the URN in small letters
    Column("document", _json(), nullable=False),  # RFC 7643 §7, and what it extends
    _number("created_at"),
    _number("changed_at"),
    PrimaryKeyConstraint("tenant", "urn_key"),
)

schema_versions: Final = Table(
    "schema_versions",
    metadata,
    _text("tenant"),
    _number("version"),  # moves with every change of a schema
    PrimaryKeyConstraint("tenant"),
)

unique_values: Final = Table(
    "unique_values",
    metadata,
    _text("tenant"),
    _text("source"),
    _text("kind"),  # User | Group
    _text("urn_key"),
    _text("attribute"),  # its name in small letters
    _text("value_key"),  # SHA-256 of the value as values are compared
    _text("subject"),  # the id of the person or group
    PrimaryKeyConstraint("tenant", "source", "kind", "urn_key", "attribute", "value_key"),
    Index("unique_values_subject", "tenant", "subject"),
)

apps: Final = Table(
    "apps",
    metadata,
    _text("tenant"),
    _text("name"),
    _text("connector"),
    Column("settings", _json(), nullable=False),
    Column("sealed", _json(), nullable=False),  # setting name → sealed secret
    Column("mapping", _json(), nullable=False),
    Column("match_on", _json(), nullable=False),
    _text("removal"),  # disable | delete | keep
    Column("limits", _json(), nullable=False),
    _text("health"),  # good | quarantined
    _text("health_reason"),
    _number("health_tries", default="0"),
    _number("retry_at", null=True),
    _number("version"),
    _number("created_at"),
    _number("changed_at"),
    PrimaryKeyConstraint("tenant", "name"),
)

rules: Final = Table(
    "rules",
    metadata,
    _text("tenant"),
    _text("name"),
    _text("app"),
    Column("condition", _json(), nullable=False),
    _number("created_at"),
    PrimaryKeyConstraint("tenant", "name"),
    Index("rules_app", "tenant", "app"),
)

links: Final = Table(
    "links",
    metadata,
    _text("tenant"),
    _text("app"),
    _text("kind"),
    _text("subject"),
    _text("state"),  # creating | linked | disabled | tombstone | ambiguous
    _text("remote_id", null=True),
    _text("etag", null=True),
    Column("last_applied", _json(), nullable=False),
    _number("linked_at", null=True),
    _number("verified_at", null=True),
    _number("changed_at"),
    PrimaryKeyConstraint("tenant", "app", "kind", "subject"),
    Index(
        "links_remote_id",
        "tenant",
        "app",
        "kind",
        "remote_id",
        unique=True,
        sqlite_where=text("remote_id IS NOT NULL AND state <> 'tombstone'"),
        postgresql_where=text("remote_id IS NOT NULL AND state <> 'tombstone'"),
    ),
    Index("links_subject", "tenant", "subject"),
)

work: Final = Table(
    "work",
    metadata,
    _text("tenant"),
    _text("app"),
    _text("kind"),
    _text("subject"),
    _number("gen"),  # moves with every mark
    _number("due"),
    Column("priority", Integer, nullable=False),
    _number("attempts", default="0"),
    _text("owner", null=True),
    _number("claim_gen", null=True),
    _number("epoch", null=True),
    _text("blocked_on", null=True),
    _text("state"),  # due | retry | held | parked
    _text("reason"),
    _text("cause"),  # the inbound change, run or command that marked it last
    _text("approved_by", null=True),  # who let it past the guard
    _number("marked_at"),
    PrimaryKeyConstraint("tenant", "app", "kind", "subject"),
    Index(
        "work_claim",
        "tenant",
        "app",
        "priority",
        "due",
        sqlite_where=text("owner IS NULL"),
        postgresql_where=text("owner IS NULL"),
    ),
    Index("work_subject", "tenant", "subject"),
)

ownership: Final = Table(
    "ownership",
    metadata,
    _text("tenant"),
    _text("app"),
    _text("owner", null=True),
    _number("until"),
    _number("epoch"),
    PrimaryKeyConstraint("tenant", "app"),
)

workers: Final = Table(
    "workers",
    metadata,
    _text("id"),
    _text("place"),  # host and process id, for people
    _number("until"),
    PrimaryKeyConstraint("id"),
)

intents: Final = Table(
    "intents",
    metadata,
    _text("tenant"),
    _text("id"),  # the operation id
    _text("app"),
    _text("kind"),
    _text("subject"),
    _text("verb"),
    _text("remote_id", null=True),
    Column("before", _json(), nullable=False),
    Column("after", _json(), nullable=False),
    Column("because", _json(), nullable=False),
    _text("cause"),
    _text("state"),  # open | unknown | done | failed
    _text("code"),
    _text("detail"),
    _number("opened_at"),
    _number("unknown_since", null=True),
    _number("closed_at", null=True),
    PrimaryKeyConstraint("tenant", "id"),
    Index(
        "intents_open",
        "tenant",
        "app",
        "kind",
        "subject",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("intents_window", "tenant", "app", "verb", "closed_at"),
)

audit: Final = Table(
    "audit",
    metadata,
    _text("tenant"),
    _text("id"),
    _number("at"),
    _text("action"),  # subject:verb[:detail]
    _text("actor"),
    _text("cause"),  # what led here: request, import, run
    _text("person", null=True),
    _text("app", null=True),
    _text("operation", null=True),
    _text("result"),  # intended | done | failed | unknown | refused
    _text("code"),
    Column("before", _json(), nullable=False),
    Column("after", _json(), nullable=False),
    Column("detail", _json(), nullable=False),
    _number("duration", null=True),  # microseconds
    PrimaryKeyConstraint("tenant", "id"),
    Index("audit_at", "tenant", "at"),
    Index("audit_person", "tenant", "person", "at"),
    Index("audit_app", "tenant", "app", "at"),
    Index("audit_operation", "tenant", "operation"),
)
