"""Asterisk's manager interface: what we ask of it, and what it tells."""
