"""Flows changed at random: what passes the gate must hold under random callers."""
