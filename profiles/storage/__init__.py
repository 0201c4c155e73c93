"""Where profiles are kept: the database, its tables, bringing an older one up to date, moving it into another."""
