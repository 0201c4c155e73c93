"""What `/.well-known/ucp` says: which version of UCP the shop speaks, where, and what it offers by it.

In: the address under which the shop was reached. Out: UCP's profile of a business. There is no checkout, and so no
handler of payments: a cart's `continue_url` leads to the shop's own.
"""

from ui.ucp.envelope import VERSION, Capability, Json

_SPEC = f"https://ucp.dev/{VERSION}"
_SCHEMAS = {
    Capability.SEARCH: ("shopping/catalog/search", "catalog_search"),
    Capability.LOOKUP: ("shopping/catalog/lookup", "catalog_lookup"),
    Capability.CART: ("shopping/cart", "cart"),
    Capability.ORDER: ("shopping/order", "order"),
    Capability.ASK: ("ask", "ask"),
}
_DRAFTS = frozenset({Capability.ASK})


def profile(origin: str, mcp_path: str) -> Json:
    """For a shop at "https://shop.example"."""
    return {
        "ucp": {
            "version": VERSION,
            "services": {
                "dev.ucp.shopping": [
                    _service("mcp", f"{origin}{mcp_path}", "mcp.openrpc.json"),
                    _service("rest", origin, "rest.openapi.json"),
                ]
            },
            "capabilities": {kind.value: [_capability(kind)] for kind in _SCHEMAS},
            "payment_handlers": {},
        }
    }


def _service(transport: str, endpoint: str, schema: str) -> Json:
    return {
        "version": VERSION,
        "spec": f"{_SPEC}/specification/overview",
        "transport": transport,
        "schema": f"{_SPEC}/services/shopping/{schema}",
        "endpoint": endpoint,
    }


def _capability(kind: Capability) -> Json:
    page, schema = _SCHEMAS[kind]
    names = {"spec": f"{_SPEC}/specification/{page}", "schema": f"{_SPEC}/schemas/shopping/{schema}.json"}
    return {"version": VERSION} | names | ({"config": {"draft": True}} if kind in _DRAFTS else {})
