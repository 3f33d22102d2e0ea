"""Cases of utils.serving."""
