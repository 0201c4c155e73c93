"""Money as UCP has it: whole minor units of an ISO 4217 currency.

In: an exact amount, or a number of minor units. Out: the other. How many digits a currency has is ISO's: CLDR, by which
the rest of Shopkeeper writes money for people, leaves out digits that nobody uses. Errors: none.
"""

from decimal import ROUND_HALF_UP, Decimal

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_BY_CURRENCY = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}


def minor(amount: Decimal, currency: str) -> int:
    """``minor(Decimal("59.00"), "USD") == 5900``; halves up."""
    return int(amount.scaleb(_digits(currency)).to_integral_value(ROUND_HALF_UP))


def major(units: int, currency: str) -> Decimal:
    """``major(5900, "USD") == Decimal("59.00")``."""
    return Decimal(units).scaleb(-_digits(currency))


def price(amount: Decimal, currency: str) -> dict[str, int | str]:
    """An amount with its currency."""
    return {"amount": minor(amount, currency), "currency": currency}


def _digits(currency: str) -> int:
    return _BY_CURRENCY.get(currency, 2)
