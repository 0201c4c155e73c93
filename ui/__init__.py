"""The page: a customer talks to the shop's agent, and sees what it knows and does."""
