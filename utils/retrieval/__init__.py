"""Vector and inverted indexes: exact and approximate nearest neighbours."""
