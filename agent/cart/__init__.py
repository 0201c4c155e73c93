"""A customer's cart: its lines and their changes, where it is kept, its earlier states, and what it comes to."""
