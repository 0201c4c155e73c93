"""A shop's own files as profiles need them: its records, products and settings, taken in at the first start."""
