"""Monitoring: drift tests, control charts and alarms."""
