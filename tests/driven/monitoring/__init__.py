"""Cases of utils.monitoring."""
