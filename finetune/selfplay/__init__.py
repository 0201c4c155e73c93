"""Self-play: simulated customers of a shop talk to the real agent; what is verified becomes training samples."""
