"""Experiments: intervals, A/B tests, power, off-policy evaluation."""
