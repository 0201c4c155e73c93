"""Revisions of the profile tables; `profiles.storage.migration` brings a database up to the newest.

To change a table:

1. Declare it: in `profiles.storage.tables`, or in a module of its own on `profiles.storage.tables.metadata` that
   `env.py` here and `profiles.storage.migration` import too, so that all tables are known wherever one is.
2. `python -m profiles migrate --write "gifts"` writes `versions/r0005_gifts.py` with the difference between the
   newest revision and what is declared. Read it: a renamed column looks like one dropped and one added, and what moves
   data has to be written by hand (`op.execute`, or `op.get_bind()` with tables of the revision's own, never with those
   of `profiles.storage.tables`, which go on changing).
3. `tests/test_profiles_migrations.py` says whether revisions and declarations agree, on both databases.

Revisions only go forward, one line of them: of two that were written at once the later to be merged is renumbered. They
run in one transaction on SQLite and PostgreSQL alike: a revision that fails leaves the database as it was. What is only
a projection (`projection`, `affinity`) may be dropped and built again; the journal (`observation`) and `event` may not.
"""
