"""Moving a shop from one database to the other: from SQLite to PostgreSQL, and back.

Nothing is imported here. `shop` moves all of it, `consultations` what LangGraph keeps, `files` makes SQLite files
whole or not at all; `python -m agent.migration` is the command. It stands with the agent, which knows all that is kept.
"""
