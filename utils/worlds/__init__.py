"""Simulators whose truth is known. They never import a model."""
