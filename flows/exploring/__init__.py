"""The explorer's parts: what a caller may do, one walk through all of it, the properties, and how a finding is told."""
