"""The shop as an MCP server: what other agents may ask of it, over HTTP and over standard input and output."""
