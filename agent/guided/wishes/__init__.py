"""Calls for what a message was recognised to want: code writes them from the reading of the message.

In: probabilities of wishes, the turn's context, the messages. Out: calls, or what the small model is still asked for.
"""
