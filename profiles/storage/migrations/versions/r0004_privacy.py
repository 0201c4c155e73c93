"""Consent, tombstones, access: who agreed to what, who was erased, who looked at whom.

What the shop's customer records say of consent becomes the first lines of `consent`, in which it is looked up from now
on. A visitor who turned out to be a customer agreed to nothing.
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROWS_AT_ONCE = 1000
PURPOSES = ("service", "profiling", "training")
_NEXT = sa.text(
    "SELECT id, record FROM customer WHERE id > :last AND id NOT IN (SELECT visitor FROM merged) "
    "ORDER BY id LIMIT :most"
)


def upgrade() -> None:
    consent = op.create_table(
        "consent",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer", sa.String(length=100), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_consent_customer", "consent", ["customer"])
    _copy_consents(consent)
    op.create_table(
        "tombstone",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "access",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer", sa.String(length=100), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_access_customer", "access", ["customer"])


def _copy_consents(consent: sa.Table) -> None:
    connection, moment = op.get_bind(), datetime.now(UTC).isoformat(timespec="microseconds")
    last = ""
    while found := connection.execute(_NEXT, {"last": last, "most": ROWS_AT_ONCE}).all():
        lines = [
            {
                "customer": row.id,
                "purpose": purpose,
                "granted": granted is True,
                "at": moment,
                "source": "record",
                "who": "shop",
            }
            for row in found
            for purpose, granted in sorted((json.loads(row.record).get("consent") or {}).items())
            if purpose in PURPOSES
        ]
        if lines:
            connection.execute(consent.insert(), lines)
        last = found[-1].id
