"""Public data sets, read by path: each module reads one form and makes training samples of it."""
