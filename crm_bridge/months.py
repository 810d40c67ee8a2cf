"""Months as "YYYY-MM", counted."""

from __future__ import annotations


def shifted(month: str, by: int) -> str:
    """The month so many later (earlier when negative)."""
    count = int(month[:4]) * 12 + int(month[5:7]) - 1 + by
    return f"{count // 12:04d}-{count % 12 + 1:02d}"
