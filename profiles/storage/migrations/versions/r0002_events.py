"""A projection row an attribute, merged visitors, and events with what they add up to.

The rows of `profile` were a projection, which is folded from the journal again when somebody is read. Tables that are
there already stay: before revisions were counted, opening a database made those that it lacked.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_table("profile", if_exists=True)
    _add_profiles()
    _add_events()
    _add_sums()
    _add_files()


def _add_profiles() -> None:
    op.create_table(
        "projection",
        sa.Column("customer", sa.String(100), primary_key=True),
        sa.Column("attribute", sa.String(100), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "merged",
        sa.Column("visitor", sa.String(100), primary_key=True),
        sa.Column("customer", sa.String(100), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_merged_customer", "merged", ["customer"], if_not_exists=True)


def _add_events() -> None:
    op.create_table("event", *_event_columns(), sqlite_with_rowid=False, if_not_exists=True)
    op.create_index("event_by_customer", "event", ["customer", "at"], if_not_exists=True)
    op.create_table("event_waiting", *_event_columns(), if_not_exists=True)
    op.create_index("event_waiting_by_customer", "event_waiting", ["customer"], if_not_exists=True)
    op.create_table(
        "event_aside",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("customer", sa.String(100), nullable=False),
        sa.Column("noted", sa.String(32), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_event_aside_reason", "event_aside", ["reason"], if_not_exists=True)


def _add_sums() -> None:
    op.create_table(
        "affinity",
        sa.Column("customer", sa.String(100), primary_key=True),
        sa.Column("attribute", sa.String(100), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("at", sa.String(32)),
        sa.Column("newest", sa.String(200), nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float),
        sa.Column("told", sa.Float),
        sa.Column("told_at", sa.String(32)),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "activity",
        sa.Column("customer", sa.String(100), primary_key=True),
        sa.Column("acts", sa.Integer, nullable=False),
        sa.Column("last_at", sa.String(32)),
        sa.Column("orders", sa.Integer, nullable=False),
        sa.Column("spent", sa.Float, nullable=False),
        sa.Column("last_order", sa.String(32)),
        if_not_exists=True,
    )


def _add_files() -> None:
    op.create_table(
        "event_file",
        sa.Column("path", sa.String(500), primary_key=True),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        if_not_exists=True,
    )


def _event_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("customer", sa.String(100), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("skus", sa.Text, nullable=False),
        sa.Column("order_id", sa.String(200)),
        sa.Column("amount", sa.Float),
    )
