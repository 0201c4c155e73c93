"""The Universal Commerce Protocol: its shapes, made of the shop's catalogue, carts, orders and approved answers."""
