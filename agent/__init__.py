"""The agent: tools, prompt, engines, gate and the loop that holds a consultation."""
