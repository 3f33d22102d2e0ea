"""Experiments: intervals, A/B tests and the power to see anything."""
