"""Let tokens say what they may do, whose they are, and how many requests they may make."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward; the tokens there are may do what they always could."""
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scopes", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("person", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("requests_per_second", sa.BigInteger(), nullable=True))
    op.execute("UPDATE tokens SET scopes = 'groups:read groups:write users:read users:write'")
