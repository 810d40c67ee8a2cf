"""The parent that keeps the service alive: real child processes, really stopped and killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ivr_server import supervising
from ivr_server.supervising import MISTAKEN, Ward, supervise

CHILD = """
import os, sys, time
with open(sys.argv[1], "a") as lives: print(os.getpid(), file=lives)
while True:
    os.write(int(os.environ["IVR_HEART_FD"]), b".")
    time.sleep(0.1)
"""


def lives(path: Path, count: int) -> list[int]:
    """The process ids of the first ``count`` lives, as soon as there are as many."""
    for _ in range(200):
        pids = [int(line) for line in path.read_text().split()] if path.exists() else []
        if len(pids) >= count:
            return pids
        time.sleep(0.05)
    raise AssertionError(f"only {len(pids)} lives of {count}")


def test_D1_D2_a_hung_or_killed_service_lives_again(tmp_path: Path) -> None:
    """SIGSTOP is answered by SIGKILL within the patience, kill -9 by a new life; SIGTERM ends both."""
    said: list[str] = []
    record = tmp_path / "lives"

    def trouble() -> None:
        first = lives(record, 1)[0]
        os.kill(first, signal.SIGSTOP)
        second = lives(record, 2)[1]
        os.kill(second, signal.SIGKILL)
        lives(record, 3)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=trouble)
    thread.start()
    status = supervise(Ward([sys.executable, "-c", CHILD, str(record)], patience_s=1.0, say=said.append))
    thread.join()
    assert status == -signal.SIGTERM
    assert "no sign of life" in said[0]
    assert [line for line in said if "starts again" in line][1].startswith("The service ended by itself (status -9)")
    for pid in lives(record, 3):
        assert not Path(f"/proc/{pid}").exists()


SUPERVISOR = """
import sys
from ivr_server.supervising import MISTAKEN, Ward, supervise
sys.exit(supervise(Ward([sys.executable, "-c", "raise SystemExit(3)"], say=lambda words: print(words, flush=True))))
"""


def test_D11_a_service_that_ends_at_once_is_started_ever_more_rarely(tmp_path: Path) -> None:
    """Each pause is twice the last; SIGTERM in a pause ends it at once with the last status, and no stack trace."""
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout and parent.stderr
        said = [parent.stdout.readline() for _ in range(3)]
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(20) == 3
        assert (parent.stdout.read(), parent.stderr.read()) == ("", "")  # not even one more start
    assert [line.rpartition(" in ")[2] for line in said] == ["0.4 s.\n", "0.8 s.\n", "1.6 s.\n"]
    assert all("status 3" in line for line in said)


def test_a_mistake_in_a_file_is_not_tried_again(tmp_path: Path) -> None:
    """Status 78 says that only a person can mend it: the supervisor ends with it, having started once."""
    record = tmp_path / "lives"
    child = f"import sys; open({str(record)!r}, 'a').write('x'); sys.exit({MISTAKEN})"
    assert supervise(Ward([sys.executable, "-c", child], say=lambda words: None)) == MISTAKEN
    assert record.read_text() == "x"


def test_a_service_that_hangs_while_it_stops_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM is heeded by nobody, no beat comes any more: it does not last for ever."""
    monkeypatch.setattr(supervising, "LAST_BEAT_S", 0.5)
    deaf = "import os, signal, time; signal.signal(signal.SIGTERM, lambda *_: time.sleep(60)); "
    beats = "[(os.write(int(os.environ['IVR_HEART_FD']), b'.'), time.sleep(0.1)) for _ in iter(int, 1)]"
    threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGTERM)).start()
    said: list[str] = []
    status = supervise(Ward([sys.executable, "-c", deaf + beats], patience_s=1.0, say=said.append))
    assert status == -signal.SIGKILL
    assert "no sign of life" in said[0]
