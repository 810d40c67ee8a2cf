"""An agents' room on a clock, with a demonstration's customers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.doubles.agents import Office, by, demonstration

LI = by("li")
WANG = by("wang")
CHIEF = by("chief", "supervisor", language="en-US")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that tests copy."""
    folder = tmp_path_factory.mktemp("demonstration")
    demonstration(folder)
    return folder / "ivr.db"


@pytest.fixture
def office(filled: Path, tmp_path: Path) -> Office:
    """The room, with customers and a folder of recordings."""
    shutil.copy(filled, tmp_path / "ivr.db")
    (tmp_path / "recordings").mkdir()
    return Office(f"sqlite:///{tmp_path / 'ivr.db'}", tmp_path / "recordings")
