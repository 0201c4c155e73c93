"""Where people and programs meet the agent: the page, the HTTP API, MCP."""
