"""Seven Steps: the library behind the book, plain functions on arrays."""
