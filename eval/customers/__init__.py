"""Simulated customers of the eval: goals on any shop directory, in words that no training data was made from."""
