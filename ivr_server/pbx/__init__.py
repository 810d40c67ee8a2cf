"""Asterisk beside the project: found or fetched (``fetch``), configured (``plan``, ``config``), run (``running``)."""
