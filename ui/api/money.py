"""Money as the API has it: an exact amount in, a decimal text and its currency out.

A JSON number is a float to most readers, and 19.99 is no float: so amounts are texts.
"""

from decimal import Decimal

from pydantic import BaseModel, Field

from language.decimals import exact, rounded


class Money(BaseModel):
    """An amount. It is a text, so that no reader makes a float of it."""

    amount: str = Field(
        pattern=r"^-?\d+(\.\d+)?$", description="With as many digits as the currency has.", examples=["59.00"]
    )
    currency: str = Field(min_length=3, max_length=3, description="By its ISO 4217 code.", examples=["USD"])


def money(amount: Decimal | float, currency: str) -> Money:
    """ "59.00" of a currency with cents, "59" of one without."""
    return Money(amount=f"{rounded(exact(amount), currency):f}", currency=currency)
