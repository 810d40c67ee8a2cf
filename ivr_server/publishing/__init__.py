"""Versions of the flows and their words: kept, published, taken back, compared, and tried on recorded calls."""
