"""Segments: groups of customers, declared in shop.toml over traits, affinities and events; who is in, and why.

Nothing is imported here. `condition` what a segment asks, pure functions of `facts` · `declared` shop.toml in,
conditions out · `facts` what is known of customers, from the database · `members` all customers, live or in batch ·
`audience` lists for other programs · `command` the command line.
"""
