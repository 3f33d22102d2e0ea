"""Monitoring: charts and alarms with a chosen rate of false alarms."""
