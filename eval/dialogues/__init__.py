"""A shop's own dialogues: what customers say, and what a good shop assistant would have done with it."""
