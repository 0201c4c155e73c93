"""Offline evaluation: suites of cases, run in parallel against any model, with a report."""
