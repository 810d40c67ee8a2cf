"""FastAGI: bytes to values, and the line a call is held on."""
