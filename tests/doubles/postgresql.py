"""A private PostgreSQL server for tests: its own folder, a free port, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", "postgresql")


def binaries() -> Path:
    """The folder with initdb and postgres; installs the package when root, else one plain sentence."""
    found = _found()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(("apt-get", "update"), check=False, **quiet)
        subprocess.run(INSTALL, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, **quiet)
        found = _found()
    if found is None:
        raise RuntimeError("These tests need PostgreSQL's server programs: install the package postgresql.")
    return found


def _found() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if config := shutil.which("pg_config"):
        told = subprocess.run((config, "--bindir"), capture_output=True, text=True, check=False)
        folders.append(Path(told.stdout.strip()))
    if server := shutil.which("postgres"):
        folders.append(Path(server).resolve().parent)
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


class PostgreSQL:
    """One server. ``url(name)`` makes an empty database of that name."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ivr-pg-"))
        self.bin = binaries()
        self.port = _free_port()
        self._as: tuple[str, ...] = ()
        if os.geteuid() == 0:  # postgres refuses to run as root
            shutil.chown(self.folder, "nobody")
            setpriv = shutil.which("setpriv") or "setpriv"
            self._as = (setpriv, "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--")
        self._run(self.bin / "initdb", "-D", self.folder / "d", "-U", "ivr", "-A", "trust", "-N", "-E", "UTF8")
        self.start()

    def _run(self, *command: object) -> None:
        subprocess.run([*self._as, *map(str, command)], check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        """Start the postmaster and wait until it answers."""
        fast = ("fsync=off", "max_connections=40", f"unix_socket_directories={self.folder}", "shared_buffers=32MB")
        options = [word for option in fast for word in ("-c", option)]
        command = [*self._as, str(self.bin / "postgres"), "-D", str(self.folder / "d"), "-p", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "-c", "listen_addresses=127.0.0.1", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 30
        ready = (str(self.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port))
        while subprocess.run(ready, check=False).returncode:
            if time.monotonic() > until:
                raise RuntimeError("PostgreSQL did not start within 30 s.")
            time.sleep(0.05)

    def url(self, name: str) -> str:
        """The URL of a new, empty database."""
        create = ("-h", "127.0.0.1", "-p", self.port, "-U", "ivr", name)
        self._run(self.bin / "dropdb", "--if-exists", "--force", *create)
        self._run(self.bin / "createdb", *create)
        return f"postgresql+psycopg://ivr@127.0.0.1:{self.port}/{name}"

    def processes(self) -> list[int]:
        """The postmaster and its children, for signals."""
        listed = subprocess.run(
            ("ps", "-o", "pid=", "--ppid", str(self.process.pid)), capture_output=True, text=True, check=False
        )
        return [self.process.pid, *map(int, listed.stdout.split())]

    def signal_all(self, which: int) -> None:
        """SIGSTOP, SIGCONT or SIGKILL to all of it."""
        for pid in self.processes():
            try:
                os.kill(pid, which)
            except ProcessLookupError:
                continue

    def kill(self) -> None:
        """kill -9, postmaster and all."""
        self.signal_all(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop it and remove the folder."""
        self.signal_all(signal.SIGCONT)
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
