"""The tables of carts: `cart` holds what is in one, `cart_owner` whose it is and how it was before."""

from sqlalchemy import Column, MetaData, String, Table, Text

metadata = MetaData()
carts = Table(
    "cart",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("lines", Text, nullable=False),  # JSON
    Column("changed", String(32), nullable=False),
)
owners = Table(
    "cart_owner",
    metadata,
    Column("customer", String(100), primary_key=True),
    Column("cart", String(200), nullable=False),  # "": there is none yet
    Column("earlier", Text, nullable=False),  # JSON: the lines as they were, the newest last
)
