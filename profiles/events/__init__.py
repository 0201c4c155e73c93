"""Events: what people do in the shop, in; affinities, order numbers and *observed* traits, out.

Nothing is imported here; take what you need from `profiles.events.intake` (the way in), `.files`, `.report`.

`event` one act · `shapes` Segment and GA4 to events · `affinity` decayed affinities and what stands out · `machines`
who is no person · `purchases` orders and money · `ledger` the tables · `waiting` whose events they are · `counting`
what they add up to · `intake` all of it, in one transaction · `files` files and streams · `reading` their lines,
ahead of the intake · `messages` and `keys` events over HTTP · `bench` how fast · `command` the command line.
"""
