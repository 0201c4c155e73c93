"""Offline evaluation: whole conversations with expectations, and the cost of a turn."""
