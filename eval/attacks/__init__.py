"""Attacks on a shop's agent, made from data, and a judge that knows nothing of how the agent defends itself."""
