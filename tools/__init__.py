"""The commands behind the Makefile; run as `python -m tools.<name>`."""
