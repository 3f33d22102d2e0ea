"""Serving pipelines: stages, latency and graceful degradation."""
