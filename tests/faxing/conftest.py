"""The office for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faxing.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Asterisk is there, nobody works yet."""
    return Office(tmp_path)
