"""One file per command of ivr-server."""
