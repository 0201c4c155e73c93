"""The journal, a profile of one row a customer, and the shop's records.

Databases that were made before revisions were counted are at least this.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "observation",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        sa.Column("customer", sa.String(100), nullable=False),
        sa.Column("attribute", sa.String(100), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("polarity", sa.String(10), nullable=False),
        sa.Column("authority", sa.String(10), nullable=False),
        sa.Column("op", sa.String(10), nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("evidence_kind", sa.String(20), nullable=False),
        sa.Column("evidence_id", sa.String(200), nullable=False),
        sa.Column("quote", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_index("observation_by_attribute", "observation", ["customer", "attribute"])
    op.create_table(
        "profile",
        sa.Column("customer", sa.String(100), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("newest", sa.String(32), nullable=False),
        sa.Column("rules", sa.String(16), nullable=False),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("record", sa.Text, nullable=False),
    )
