"""Help for small models: what their calls may copy, what they forget, and which order they mean.

In: the messages that a model reads, its answer, the tools. Out: constraints for its grammar, and calls as they were
meant. A model whose profile (`agent.models.profile`) asks for none of it runs none of this code.
"""
