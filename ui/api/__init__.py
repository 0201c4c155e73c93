"""The HTTP API of one shop: routes for programs and pages of the shop's own."""
