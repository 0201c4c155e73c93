"""The demo shop's pages under /shop/, rendered here, with the widget on each; pictures for every shop.

In: a shop's site. Out: routes. Shelves are read from the catalogue; what is somebody's own, their cart and their
orders, comes from the HTTP API by their token, as it would in a shop of its own. Anybody may sign in as anybody: so
there are pages only where shop.toml says that it is a demo. Errors: `NotFound`, `ConfigError`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from agent.context import VISITOR
from language.money import format_money
from retrieval.catalog import ONE_SIZE, Product
from ui.page.icons import paint
from ui.sign_in import brought_along
from ui.storefront.api import Api, Declined
from ui.storefront.catalogue import FACETS, SORTS, shelf_of, wish_of
from ui.storefront.guest import Guest, guest_of, signed_in, signed_out
from ui.storefront.pictures import picture
from ui.storefront.settings import is_demo

if TYPE_CHECKING:
    from ui.server import Site

_FOLDER = Path(__file__).parent
_PEOPLE = 24  # customers that the sign-in offers
_BY = "storefront"  # in the audit
_SEE_OTHER = 303
_LANGUAGE = "en"
_CACHED = {"cache-control": "public, max-age=3600"}
Field = Annotated[str, Form(max_length=200)]


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    services = site.shopkeeper.services
    router = APIRouter(prefix="/shop", include_in_schema=False)

    @router.get("/pictures/{sku}.svg")
    def product_picture(sku: str) -> Response:
        product = site.shopkeeper.services.retriever.catalog.find(sku)
        variant = next((one for one in product.variants if one.sku == sku), product.variants[0])
        return Response(picture(product.category, variant.color), media_type="image/svg+xml", headers=_CACHED)

    if is_demo(services.shop.root):
        _add_pages(router, site, _Pages(site))
    return router


class _Pages:
    """Templates, with what every page shows."""

    def __init__(self, site: "Site") -> None:
        self._site = site
        self._templates = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        currency = site.shopkeeper.services.shop.currency
        self._templates.filters |= {"money": _money(currency), "paint": paint, "words": _words}

    async def page(self, request: Request, name: str, status: int = 200, **slots: Any) -> Response:
        """A page for whoever asks."""
        guest = slots.pop("guest", None) or await run_in_threadpool(guest_of, self._site.access, request)
        cart = await Api(request, guest.token).get(f"/v1/customers/{guest.id}/cart")
        services = self._site.shopkeeper.services
        record = services.profiles.customer(guest.id) if guest.is_customer else None
        shown = {"shop": services.shop.name, "customer": record, "pieces": cart["pieces"], "cart": cart, "query": ""}
        made = HTMLResponse(self._templates.get_template(f"{name}.html.jinja").render(shown | slots), status)
        return guest.kept_in(made, request) if guest.is_new else made


def _add_pages(router: APIRouter, site: "Site", pages: _Pages) -> None:
    access, shopkeeper = site.access, site.shopkeeper

    @router.get("/")
    async def shelves(request: Request) -> Response:
        retriever = shopkeeper.services.retriever
        wish = wish_of(request.query_params, retriever)
        shelf = await run_in_threadpool(shelf_of, wish, retriever)
        return await pages.page(request, "shelf", shelf=shelf, sorts=SORTS, facets=FACETS, query=wish.query)

    @router.get("/products/{sku}")
    async def product(request: Request, sku: str) -> Response:
        found = shopkeeper.services.retriever.catalog.find(sku)
        chosen = next((one for one in found.variants if one.sku == sku), None) or _first(found)
        return await pages.page(request, "product", product=found, chosen=chosen, one_size=ONE_SIZE)

    @router.get("/cart")
    async def cart(request: Request) -> Response:
        return await pages.page(request, "cart", problem="")

    @router.post("/cart")
    async def put_in(request: Request, sku: Field) -> Response:
        guest = await run_in_threadpool(guest_of, access, request)
        try:
            await Api(request, guest.token).post(f"/v1/customers/{guest.id}/cart/lines", {"sku": sku})
        except Declined as declined:
            return await pages.page(request, "cart", 409, guest=guest, problem=str(declined))
        return _kept(guest, request, RedirectResponse("/shop/cart", _SEE_OTHER))

    @router.post("/cart/remove")
    async def take_out(request: Request, sku: Field) -> Response:
        guest = await run_in_threadpool(guest_of, access, request)
        try:
            await Api(request, guest.token).delete(f"/v1/customers/{guest.id}/cart/lines/{sku}")
        except Declined as declined:
            return await pages.page(request, "cart", 409, guest=guest, problem=str(declined))
        return RedirectResponse("/shop/cart", _SEE_OTHER)

    @router.get("/orders")
    async def orders(request: Request) -> Response:
        guest = await run_in_threadpool(guest_of, access, request)
        if not guest.is_customer:
            return _kept(guest, request, RedirectResponse("/shop/sign-in", _SEE_OTHER))
        told = await Api(request, guest.token).get(f"/v1/customers/{guest.id}/orders")
        return await pages.page(request, "orders", guest=guest, orders=told["orders"])

    @router.get("/sign-in")
    async def people(request: Request) -> Response:
        store = shopkeeper.services.profiles
        names = [name for name in store.customers() if not name.startswith(VISITOR)][:_PEOPLE]
        return await pages.page(request, "sign_in", people=[store.customer(name) for name in names])

    @router.post("/sign-in")
    def sign_in(request: Request, customer: Field) -> Response:
        known = shopkeeper.known(customer)
        before = guest_of(access, request)
        if not before.is_customer:
            brought_along(site.intake, before.id, known, _BY)
        return _kept(signed_in(access, known), request, RedirectResponse("/shop/", _SEE_OTHER))

    @router.post("/sign-out")
    def sign_out() -> Response:
        return signed_out(RedirectResponse("/shop/", _SEE_OTHER))

    @router.get("/token")
    def token(request: Request) -> Response:
        """What the widget asks for when it is opened: whose talk it is."""
        guest = guest_of(access, request)
        return _kept(guest, request, JSONResponse({"token": guest.token}, headers={"cache-control": "no-store"}))

    @router.get("/shop.css")
    def styles() -> Response:
        return FileResponse(_FOLDER / "shop.css", headers={"cache-control": "public, max-age=300"})


def _first(product: Product) -> Any:
    """A variant that is there."""
    return next((one for one in product.variants if one.stock), product.variants[0])


def _kept(guest: Guest, request: Request, response: Response) -> Response:
    return guest.kept_in(response, request) if guest.is_new else response


def _money(currency: str) -> Callable[[Any], str]:
    """Of an amount, or of one as the API has it."""

    def written(amount: Any) -> str:
        said = amount["amount"] if isinstance(amount, dict) else amount
        return format_money(said, currency, _LANGUAGE)

    return written


def _words(name: str) -> str:
    """``_words("foot_width") == "Foot width"``."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
