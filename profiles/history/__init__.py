"""A profile at other moments: as of a day, what changed between two, why a value is there, taking an act back, merging.

In: the journal and its fold. Out: views of them; nothing here is needed to read or to write a profile.
"""
