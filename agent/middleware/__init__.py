"""The middleware around the model: what happens before it, between it and the tools, and before a reply leaves."""
