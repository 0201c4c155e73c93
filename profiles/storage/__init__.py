"""Where profiles are kept: the database and its tables, bringing an older one up to date, moving it into another one."""
