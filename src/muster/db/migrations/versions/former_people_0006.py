"""Find former people by what their source called them, and those who left by when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index(
            "people_former_external_id",
            ["tenant", "source", "external_id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NOT NULL AND external_id IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NOT NULL AND external_id IS NOT NULL"),
        )
        batch_op.create_index(
            "people_left",
            ["tenant", "source", "left_at"],
            unique=False,
            sqlite_where=sa.text("left_at IS NOT NULL"),
            postgresql_where=sa.text("left_at IS NOT NULL"),
        )
