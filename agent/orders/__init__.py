"""A shop's orders: one order and its rules, the book, proposals that wait for a yes, and the reading of that yes."""
