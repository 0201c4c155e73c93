"""The catalogue: a JSON-lines file comes in, typed products and the lines that could not be read go out.

One broken line never costs the others: it is reported with its number and the reason, and the rest loads. Nothing is
guessed: a price that has two readings, an SKU that is a number and a barcode that a spreadsheet has rounded are
reported. Prices are exact decimals. A placeholder ("Default Title") is no size, and a variant without an option is the
product itself.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, FiniteFloat, ValidationError
from pydantic_core import PydanticCustomError

from errors import ConfigError, NotFound, StorageError
from language.placeholders import is_no_option

FacetValue = tuple[str, ...] | float | bool


@dataclass(frozen=True, slots=True)
class Variant:
    """One article that can be put in a parcel. `price` in the shop's currency, `stock` in pieces."""

    sku: str
    color: str
    size: str
    price: Decimal
    stock: int


@dataclass(frozen=True, slots=True)
class Product:
    """One product and its variants.

    `titles` by language code; `rating` 0 to 5, None before the first review. `url`: its page in the shop, "" where the
    catalogue does not say it.
    """

    sku: str
    title: str
    titles: Mapping[str, str]
    description: str
    category: str
    brand: str
    price: Decimal
    facets: Mapping[str, FacetValue]
    rating: float | None
    reviews: int
    variants: tuple[Variant, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A catalogue line (counted from 1) that was left out, and why."""

    line_number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a catalogue file held: `products` in file order, `rejected` lines in file order.

    `lines`: each product by the digest of its line, so that a file that changed is not read anew as a whole.
    """

    products: tuple[Product, ...]
    rejected: tuple[RejectedLine, ...]
    by_sku: Mapping[str, Product]
    lines: Mapping[bytes, Product] = field(default_factory=dict, repr=False)

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(product.category for product in self.products)

    def find(self, sku: str) -> Product:
        """The product with this SKU, its own or that of one of its variants. Raises NotFound."""
        try:
            return self.by_sku[sku]
        except KeyError:
            raise NotFound(f"no product or variant has the SKU '{sku}'") from None


ONE_SIZE = "one size"  # of what comes in one form
_PLAIN_PRICE = re.compile(r"\d+(?:\.\d{1,2})?")
_MOST_DECIMALS = 3  # of any currency
_NOISE = Decimal("0.000001")  # what adding up floats leaves behind a price
_RUINED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")  # as spreadsheets write it; "7E11" is a code
_ADDRESS = re.compile(r"https?://[!-~]+$")
_BARCODES = frozenset({"barcode", "ean", "gtin", "upc", "isbn"})


def _price(raw: object) -> object:
    """A price that has one reading, as a decimal; anything else that is no number is pydantic's to refuse."""
    if isinstance(raw, str):
        if not _PLAIN_PRICE.fullmatch(raw.strip()):
            raise _advice("asks for a look: write the price as a plain number, like 1299.50")
        return Decimal(raw.strip())
    if not isinstance(raw, Decimal):
        return raw
    exponent = raw.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        raise _advice("asks for a look: write the price out, like 100000")
    if isinstance(exponent, int) and -exponent > _MOST_DECIMALS:
        cents = round(raw, 2)
        if abs(raw - cents) > _NOISE:
            raise _advice("asks for a look: no currency has so many decimals")
        return cents
    return raw


def _name(raw: object) -> object:
    """An SKU is a text: as a number it has lost its leading or trailing zeros, or will."""
    if isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        raise _advice('must be a text in quotes, like "007": a number loses its zeros')
    if isinstance(raw, str) and _RUINED.fullmatch(raw.strip()):
        raise _advice("was a number that a spreadsheet has rounded: export the column as text")
    return raw


def _option(raw: object) -> object:
    return "" if raw is None or (isinstance(raw, str) and is_no_option(raw)) else raw


def _advice(text: str) -> PydanticCustomError:
    return PydanticCustomError("advice", "{text}", {"text": text})


_Price = Annotated[Decimal, BeforeValidator(_price), Field(ge=0, allow_inf_nan=False)]
_Sku = Annotated[str, BeforeValidator(_name), Field(min_length=1)]
_Option = Annotated[str, BeforeValidator(_option)]


class _VariantLine(BaseModel):
    sku: _Sku
    color: _Option = ""
    size: _Option = ""
    price: _Price | None = None
    stock: int = Field(ge=0)


class _ProductLine(BaseModel):
    sku: _Sku
    title: str = Field(min_length=1)
    description: str = ""
    category: str = Field(min_length=1)
    brand: str = ""
    price: _Price
    facets: dict[str, bool | FiniteFloat | str | list[str]] = Field(default_factory=dict)
    rating: FiniteFloat | None = Field(default=None, ge=0, le=5)
    reviews: int = Field(default=0, ge=0)
    variants: list[_VariantLine] = Field(min_length=1)


def load_catalog(path: Path, before: Catalog | None = None) -> Catalog:
    """Read `path`, UTF-8 JSON lines; a line that `before` has too is the same product object.

    Raises ConfigError when there is no such file, StorageError when unreadable.

    A title in another language is the key `title_<code>`, such as `title_zh`. Blank lines are skipped.
    """
    return read_catalog(read_lines(path), before)


def read_catalog(lines: Sequence[bytes], before: Catalog | None = None) -> Catalog:
    """The same from the lines themselves."""
    known = before.lines if before else {}
    by_sku: dict[str, Product] = {}
    by_line: dict[bytes, Product] = {}
    products: list[Product] = []
    rejected: list[RejectedLine] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        digest = hashlib.blake2b(line, digest_size=16).digest()
        try:
            product = known.get(digest) or parse_line(line)
            _check_unused(product, by_sku)
        except ValueError as error:
            rejected.append(RejectedLine(number, _reason(error)))
            continue
        products.append(product)
        by_line[digest] = product
        by_sku[product.sku] = product
        by_sku.update({variant.sku: product for variant in product.variants})
    return Catalog(tuple(products), tuple(rejected), by_sku, by_line)


def read_lines(path: Path) -> list[bytes]:
    """The lines of a catalogue file. Errors: `ConfigError`, `StorageError`."""
    try:
        return path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except FileNotFoundError:
        raise ConfigError(f"no catalogue at {path}") from None
    except OSError as error:
        raise StorageError(f"cannot read the catalogue {path}: {error.strerror}") from error


def parse_line(line: bytes) -> Product:
    """One line as a product. Raises ValueError (of which pydantic's and json's errors are kinds)."""
    raw = json.loads(line.decode("utf-8"), parse_float=Decimal)
    if not isinstance(raw, dict):
        raise ValueError(f"a product is a JSON object, not {type(raw).__name__}")
    parsed = _ProductLine.model_validate(raw | _real_variants(raw))
    _check_barcodes(raw)
    titles = {key[6:]: value for key, value in raw.items() if key.startswith("title_") and isinstance(value, str)}
    return Product(
        sku=parsed.sku,
        title=parsed.title,
        titles={"en": parsed.title} | titles,
        description=parsed.description,
        category=parsed.category,
        brand=parsed.brand,
        price=parsed.price,
        facets={name: held for name, value in parsed.facets.items() if (held := _facet_value(value)) != ()},
        rating=parsed.rating,
        reviews=parsed.reviews,
        variants=tuple(
            Variant(v.sku, v.color, v.size or ONE_SIZE, parsed.price if v.price is None else v.price, v.stock)
            for v in parsed.variants
        ),
        url=_address(raw.get("url")),
    )


def _address(raw: object) -> str:
    """A page that a browser may open; anything else is none."""
    return raw if isinstance(raw, str) and _ADDRESS.match(raw) else ""


def _facet_value(value: bool | float | str | list[str]) -> FacetValue:
    if isinstance(value, str | list):
        return tuple(item for item in ([value] if isinstance(value, str) else value) if not is_no_option(item))
    return value


def _real_variants(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Without the rows that have neither an option nor an SKU of their own; if there is no other, it is the product."""
    listed = raw.get("variants")
    if not isinstance(listed, list):
        return {}
    rows = [row for row in listed if isinstance(row, dict)]
    blank = [row for row in rows if _option(row.get("sku")) in ("", raw.get("sku")) and not _has_option(row)]
    if len(blank) < len(listed):
        return {"variants": [row for row in listed if not any(row is other for other in blank)]}
    return {"variants": [blank[0] | {"sku": raw.get("sku")}]} if blank else {}


def _has_option(row: Mapping[str, Any]) -> bool:
    return any(_option(row.get(name)) for name in ("color", "size"))


def _check_barcodes(raw: Mapping[str, Any]) -> None:
    """Raises ValueError for a barcode that is not what was printed on the article."""
    facets = raw.get("facets")
    for name, value in {**raw, **(facets if isinstance(facets, dict) else {})}.items():
        if name.casefold() in _BARCODES:
            ruined = isinstance(value, str) and _RUINED.fullmatch(value.strip())
            if ruined or (isinstance(value, Decimal) and "E" in str(value)):
                raise ValueError(f"{name}: '{value}' was rounded by a spreadsheet: export the column as text")


def _check_unused(product: Product, by_sku: Mapping[str, Product]) -> None:
    skus = [product.sku, *(variant.sku for variant in product.variants)]
    taken = next((sku for index, sku in enumerate(skus) if sku in by_sku or sku in skus[:index]), None)
    # A product sold in one form only may carry the same SKU as its single variant.
    if taken and not (len(skus) == 2 and skus[0] == skus[1] and taken not in by_sku):
        raise ValueError(f"duplicate sku '{taken}'")


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        # A union reports each failed member; the part of the path that names the member helps nobody.
        place = ".".join(str(part) for part in first["loc"] if str(part).isidentifier() or isinstance(part, int))
        given = first["input"]
        shown = str(given) if isinstance(given, Decimal) else f"{given!r}"
        got = "" if first["type"] == "missing" else f", not {shown:.60}"
        return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}{got}"
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error.msg} at column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}"
    return str(error)
