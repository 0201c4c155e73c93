"""Callers: keys of machines, codes that sign customers in by mail, and customers by their e-mail address.

The addresses of the records that are there are looked up from now on in a column of their own.
"""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ROWS_AT_ONCE = 1000
_CHARS = 254
_EMAIL = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+")
_NEXT = sa.text("SELECT id, record FROM customer WHERE id > :last ORDER BY id LIMIT :most")
_FILL = sa.text("UPDATE customer SET email = :email WHERE id = :id")


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("created", sa.String(length=32), nullable=False),
        sa.Column("last_used", sa.String(length=32), nullable=True),
        sa.Column("expires", sa.String(length=32), nullable=True),
        sa.Column("revoked", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sign_in_code",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=100), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("made", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    for column in ("address", "customer", "made"):
        op.create_index(f"ix_sign_in_code_{column}", "sign_in_code", [column])
    if "email" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("customer")}:
        email = sa.Column("email", sa.String(length=_CHARS), nullable=False, server_default=sa.text("''"))
        op.add_column("customer", email)
        op.create_index("ix_customer_email", "customer", ["email"])
    _copy_addresses()


def _copy_addresses() -> None:
    connection = op.get_bind()
    last = ""
    while found := connection.execute(_NEXT, {"last": last, "most": ROWS_AT_ONCE}).all():
        rows = [{"id": row.id, "email": email} for row in found if (email := _address(json.loads(row.record)))]
        if rows:
            connection.execute(_FILL, rows)
        last = found[-1].id


def _address(record: dict[str, object]) -> str:
    text = str(record.get("email") or "").strip().lower()
    return text if len(text) <= _CHARS and _EMAIL.fullmatch(text) else ""
