"""Money as it is reckoned: exact decimals from plain numbers, and plain numbers again for JSON and databases.

A float such as 19.99 stands for the decimal that it is written as, and never takes part in a sum: 0.1 + 0.2 is 0.3.
How many digits a currency has is CLDR's, by Babel (JPY none, BHD three). Errors: none; a number that is not finite is
the caller's to refuse.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import overload

from babel.numbers import get_currency_precision


@overload
def exact(number: float | Decimal) -> Decimal: ...
@overload
def exact(number: None) -> None: ...
def exact(number: float | Decimal | None) -> Decimal | None:
    """The decimal that the number is written as: ``exact(19.99) == Decimal("19.99")``."""
    return number if number is None or isinstance(number, Decimal) else Decimal(str(number))


@overload
def plain(money: Decimal) -> float: ...
@overload
def plain(money: None) -> None: ...
def plain(money: Decimal | None) -> float | None:
    """As JSON and the databases have it; ``exact(plain(money)) == money`` for up to 15 digits."""
    return None if money is None else float(money)


def rounded(money: Decimal, currency: str) -> Decimal:
    """To the digits of the currency, halves up: ``rounded(Decimal("10.5"), "JPY") == 11``."""
    return money.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), ROUND_HALF_UP)
