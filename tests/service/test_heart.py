"""The sign of life: what systemd and the supervisor are told, and that nobody listening is no fault."""

from __future__ import annotations

import os
import resource
import socket
from pathlib import Path

from twisted.internet.task import Clock

from ivr_server.heart import HEART_FD, Heart
from ivr_server.settings import HOUSE


def test_systemd_hears_ready_then_beats_then_stopping(tmp_path: Path) -> None:
    """sd_notify(3): one datagram a word, one beat a second, from the reactor's own clock."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(1)
        heart, clock = Heart({"NOTIFY_SOCKET": str(tmp_path / "notify")}), Clock()
        heart._loop.clock = clock
        heart.start()
        clock.pump([1, 1])
        heart.stop()
        told = [systemd.recv(100).decode() for _ in range(5)]
    assert told == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_an_abstract_socket_is_named_by_its_at_sign() -> None:
    """As systemd passes it."""
    name = f"@ivr-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:])
        systemd.settimeout(1)
        heart = Heart({"NOTIFY_SOCKET": name})
        heart.tell("READY=1")
        assert systemd.recv(100) == b"READY=1"
        heart.stop()


def test_D4_without_descriptors_the_heart_beats_on(tmp_path: Path) -> None:
    """Else systemd would kill a service that only refuses new calls, and with it the calls in progress."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(1)
        heart = Heart({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
        try:
            heart.beat()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert systemd.recv(100) == b"WATCHDOG=1"
        heart.stop()


def test_the_supervisor_gets_a_byte_and_may_be_gone(tmp_path: Path) -> None:
    """A closed pipe, and a socket nobody is behind, end the beats and not the service."""
    ours, theirs = os.pipe()
    heart = Heart({HEART_FD: str(theirs), "NOTIFY_SOCKET": str(tmp_path / "nobody")})
    heart.beat()
    assert os.read(ours, 10) == b"."
    os.close(ours)
    heart.beat()
    heart.beat()
    heart.stop()
    os.close(theirs)


def test_D2_the_unit_kills_a_hung_service_and_keeps_no_core() -> None:
    """The watchdog's time is over the beat's and under ten seconds; SIGTERM may drain; a core would hold secrets."""
    unit = dict(
        line.split("=", 1)
        for line in (HOUSE / "deploy" / "ivr-server.service").read_text("utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    )
    assert unit["Type"] == "notify"
    assert 2 < float(unit["WatchdogSec"]) < 10
    assert unit["Restart"] == "always"
    assert float(unit["TimeoutStopSec"]) > 120
    assert unit["LimitCORE"] == "0"
    assert unit["ExecStart"].endswith("twistd.tac")
