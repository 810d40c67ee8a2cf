"""Asterisk's side of AGI, played by us: the browser's and the terminal's telephone."""
