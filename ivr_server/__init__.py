"""Everything that listens, and the wiring."""
