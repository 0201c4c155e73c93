"""Recipients: whom an observation is about; all that was written before is about the customer."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    held = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("observation")}
    if "about" not in held:
        op.add_column(
            "observation", sa.Column("about", sa.String(length=40), nullable=False, server_default=sa.text("''"))
        )
