"""The working copy of flows and words that admins edit: edits that keep comments, merging, checks, proofs."""
