"""The Gradio page: talk to the agent, and see what it knows, finds and does."""
