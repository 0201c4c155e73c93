"""What a customer wants from a message, as a small encoder recognises it, and the weights that it was trained to.

In: the message and the situation that it stands in. Out: a probability by wish. `python -m finetune recogniser` makes
the weights from consultations.
"""
