"""Checked files beside the flows that admins edit on pages of their own."""
