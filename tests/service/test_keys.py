"""Words that are made once: the same for whoever asks first, for their owner alone, and a broken one is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from crm_bridge.secret import Secret
from ivr_server.keys import made_once, sealing


def test_whoever_asks_at_the_same_time_gets_the_same_word(tmp_path: Path) -> None:
    """Many at once, each of whom would make another one; nothing is left beside it."""
    numbers = count()
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(made_once, tmp_path / "new" / "word", lambda: f"word {next(numbers)}") for _ in range(64)]
    assert len({one.result() for one in asked}) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["word"]
    assert (tmp_path / "new" / "word").stat().st_mode & 0o777 == 0o600


def test_a_key_outlives_the_process_and_one_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sealed is opened after a restart; a broken key is named with its place, never with what is in it."""
    sealed = sealing(tmp_path).seal(Secret("JBSWY3DP"))
    assert sealing(tmp_path).open(sealed) == Secret("JBSWY3DP")
    monkeypatch.setenv("IVR_FACTOR_KEY", "canary-no-key")
    with pytest.raises(ValueError, match="IVR_FACTOR_KEY holds no key") as told:
        sealing(tmp_path)
    assert "canary" not in str(told.value)
