"""What a customer will want next, learnt from what customers do, one event at a time.

Nothing is imported here; take what you need from `profiles.preference.model` (the interface), `.covisitation`,
`.popularity` and `.ranked` (the models), `.keeper` (the one that serves a shop, over its database).
"""
