"""Stages put together: their order, their time, and life without one."""
