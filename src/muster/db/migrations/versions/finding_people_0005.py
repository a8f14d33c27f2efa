"""Find people by what they are called, and put groups into groups."""

import json
from collections.abc import Iterator
from typing import Any, Final, cast

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PAGE: Final = 1_000
_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
_ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_LONGEST: Final = 400
_TEXTS: Final = {
    "userName": ("userName",),
    "displayName": ("displayName",),
    "familyName": ("name", "familyName"),
    "givenName": ("name", "givenName"),
    "title": ("title",),
    "employeeNumber": (_ENTERPRISE, "employeeNumber"),
    "department": (_ENTERPRISE, "department"),
    "manager": (_ENTERPRISE, "manager", "value"),
}


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "nestings",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "group_id", "member"),
    )
    op.create_index("nestings_member", "nestings", ["tenant", "member", "group_id"], unique=False)
    op.create_table(
        "match_values",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("value", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("cut", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "source", "path", "value", "person"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("schemas", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("active_unassigned", sa.Integer(), server_default="0", nullable=False))
    _fill()
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.alter_column("schemas", existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index(
            "people_listed",
            ["tenant", "source", "id", "stage", "deleted_at"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "people_changed",
            ["tenant", "source", "changed_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def _fill() -> None:
    """Give everybody who is there what the new columns and rows say of them."""
    connection = op.get_bind()
    after: tuple[str, str] = ("", "")
    while rows := _people_after(connection, after):
        for row in rows:
            stored: Any = row.resource
            resource: dict[str, Any] = json.loads(stored) if isinstance(stored, str) else stored
            key = {"tenant": row.tenant, "id": row.id}
            schemas = json.dumps([_CORE, *(name for name in resource if ":" in name)], separators=(",", ":"))
            connection.execute(
                sa.text(
                    "UPDATE people SET schemas = :schemas, active_unassigned = :unassigned"
                    " WHERE tenant = :tenant AND id = :id"
                ),
                {**key, "schemas": schemas, "unassigned": int("active" in resource)},
            )
            if row.deleted_at is None:
                _insert_values(connection, row, resource)
        after = (rows[-1].tenant, rows[-1].id)


def _people_after(connection: sa.Connection, after: tuple[str, str]) -> list[Any]:
    page = sa.text(
        "SELECT tenant, id, source, resource, deleted_at FROM people"
        " WHERE (tenant, id) > (:tenant, :id) ORDER BY tenant, id LIMIT :most"
    )
    return list(connection.execute(page, {"tenant": after[0], "id": after[1], "most": _PAGE}))


def _insert_values(connection: sa.Connection, row: Any, resource: dict[str, Any]) -> None:  # noqa: ANN401
    insert = sa.text(
        "INSERT INTO match_values (tenant, source, path, value, person, cut)"
        " VALUES (:tenant, :source, :path, :value, :person, :cut)"
    )
    for path, value in sorted(set(_values(resource))):
        parameters = {"tenant": row.tenant, "source": row.source, "person": row.id, "path": path}
        cut = int(len(value) > _LONGEST)
        connection.execute(insert, {**parameters, "value": value[:_LONGEST], "cut": cut})


def _values(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, names in _TEXTS.items():
        found: object = resource
        for name in names:
            found = _part(found, name)
        if isinstance(found, str):
            yield path, found.casefold()
    for email in resource.get("emails") or ():
        value = _part(email, "value")
        if isinstance(value, str):
            yield "emails", value.casefold()


def _part(value: object, name: str) -> object:
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None
