"""A call against the draft in which nothing is real: a scripted world, a clock that jumps, and a way back."""
