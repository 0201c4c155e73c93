"""Makes the demo shop: word files and a seed come in, catalogue, customers, orders and events go out."""
