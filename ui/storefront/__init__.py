"""The demo shop as a shop: catalogue, product pages, cart and orders, with the assistant on every page."""
