"""Years of events at once: files in; affinities, order numbers, observed traits and co-visits out, past one machine.

Nothing is imported here. `plan` what is built from what · `rows` a reading as a line that can be sent about · `split`
files to lines, by whose they are · `browsers` visitors' lines, by which customer they turned out to be · `fold` the
lines of some customers, taken in by the same `EventIntake` that takes live events · `outcome` the parts put together ·
`local` all of it in one process · `on_ray` all of it on Ray Data · `command` the command line.

Both engines run the same steps on the same lines in the same order within a part, so their results are the same to the
byte. A part is the customers whose names hash to its number; a message id counts once within a part.
"""
