"""The working copy of flows and words that admins edit: its files, edits that keep comments, merging, checks, proofs."""
