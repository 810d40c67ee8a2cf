"""The conversation as data that takes turns. Pure: no clock, files, sockets, randomness or logging.

One function moves a call: ``advance(library, session, event) -> Turn``. Drivers (FastAGI, the
explorer, the dialogue tests) carry the turn's one command out and come back with one event.
"""
