"""What the shop knows about each customer, from whom, and why.

A journal of observations and the profile it folds to.

Nothing is imported here; take what you need from `profiles.schema`, `.store`, `.validator`, `.card`,
`.importing`, `.events.intake`.
"""
