"""An exchange is for another variant that is in stock and no dearer; of two that fit, none is chosen."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from agent.orders.order import OrderItem
from agent.orders.variants import search_variant
from retrieval.catalog import Catalog, Product, Variant
from retrieval.facets import FacetSpace

SIZES, COLORS = ("S", "M", "L"), ("dark green", "pine green", "navy")


def product(stock: dict[tuple[str, str], int], price: Decimal = Decimal(50)) -> Product:
    variants = tuple(Variant(f"V-{c}-{s}", c, s, price, n) for (c, s), n in stock.items())
    return Product("V", "Fleece", {}, "", "fleeces", "", Decimal(50), {}, None, 0, variants)


def facets(of: Product) -> FacetSpace:
    toml = {name: {"type": "choice", "level": "variant"} for name in ("color", "size")}
    return FacetSpace.from_shop(toml, Catalog((of,), (), {}))


def item(color: str = "navy", size: str = "M", price: Decimal = Decimal(50)) -> OrderItem:
    return OrderItem(f"V-{color}-{size}", "Fleece", 3, price, color, size)


ALL = {(color, size): 5 for color in COLORS for size in SIZES}


def test_what_is_not_said_stays_and_what_fits_twice_is_asked_about() -> None:
    of = product(ALL)
    found = search_variant(of, item(), 1, {"size": "large"}, facets(of)).found
    assert found is not None and (found.color, found.size) == ("navy", "L")
    several = search_variant(of, item(), 1, {"color": "green"}, facets(of))
    assert several.why == "several" and {one.color for one in several.others} == {"dark green", "pine green"}
    other = search_variant(of, item("dark green"), 1, {"color": "green"}, facets(of)).found
    assert other is not None and other.color == "pine green"


def test_a_dearer_one_is_no_even_exchange() -> None:
    of = product(ALL, price=Decimal(60))
    stranger = OrderItem("GONE", "Fleece", 1, Decimal(50), "navy", "M")
    assert search_variant(of, stranger, 1, {"size": "L"}, facets(of)).why == "price"
    assert search_variant(of, item(), 1, {"size": "L"}, facets(of)).found is not None  # its own costs 60 too by now


_stocks = st.fixed_dictionaries({pair: st.integers(0, 4) for pair in ALL})
_wishes = st.fixed_dictionaries(
    {}, optional={"size": st.sampled_from((*SIZES, "XXL")), "color": st.sampled_from((*COLORS, "green", "pink"))}
)


@given(_stocks, _wishes, st.integers(1, 3))
def test_what_is_found_is_there_for_all_pieces_and_so_is_what_is_offered(
    stock: dict[tuple[str, str], int], wish: dict[str, str], count: int
) -> None:
    of, own = product(stock), item()
    search = search_variant(of, own, count, wish, facets(of))
    assert all(one.stock >= count and one.sku != own.sku for one in search.others)
    if search.found and search.found.sku != own.sku:
        assert search.found.stock >= count
        assert search.found.size == wish.get("size", own.size)
        assert search.found.color.endswith(wish.get("color", own.color))
