"""Other makers' memory for conversations, measured by our profile suite on the same model as our own.

One file a library, an `extract` for ``python -m eval run profile --set extractor=eval.peers.NAME:extract``. The
libraries stay out of the project's environment: `eval.peers.environment` makes one for them. What came of it is in
docs/peers.md.
"""
