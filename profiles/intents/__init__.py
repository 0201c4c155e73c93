"""What customers are trying to get done, across consultations: `Intent`s, folded from the journal like traits are.

Acts go into the journal of observations under one reserved attribute (`journal`), so that as-of, undo and merge hold
for them; `folding` makes intents of what is settled, `matching` finds the one that a message refers to,
`changing` says what became of them.
"""
