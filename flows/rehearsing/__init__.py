"""Dialogue tests in parts: the file as it is read, what the world answers, and the performance."""
