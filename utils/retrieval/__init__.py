"""Indexes that find the nearest of many vectors, and count their work."""
