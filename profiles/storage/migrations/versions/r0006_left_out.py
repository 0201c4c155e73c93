"""Left-out orders: those that a customer says were a gift, and that say nothing of their own tastes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "left_out_order",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer", sa.String(length=100), nullable=False),
        sa.Column("order_id", sa.String(length=200), nullable=False),
        sa.Column("left_out", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_left_out_order_customer", "left_out_order", ["customer"])
