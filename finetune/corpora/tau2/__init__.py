"""tau2-bench's retail form: tasks with the calls that solve them, executed on real tools, and invented ones."""
