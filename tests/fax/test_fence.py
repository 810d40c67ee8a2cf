"""What a converter that fell into a stranger's hands could still reach: nothing but its own document."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent.parent
TRIES = """
import json, os, socket, sys
from pathlib import Path
from fax import fence
given, room, secret, port = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
def reached(step):
    try:
        step()
    except PermissionError:
        return False
    return True
version = fence.shut([given], [room])
import wave
print(json.dumps({
    "version": version,
    "reads its document": reached(given.read_bytes),
    "writes its room": reached(lambda: (room / "made").write_bytes(b"x")),
    "moves in its room": reached(lambda: (room / "made").rename(room / "moved")),
    "reads a secret": reached(secret.read_bytes),
    "lists a folder": reached(lambda: os.listdir(secret.parent)),
    "reads the passwords of the system": reached(Path("/etc/passwd").read_bytes),
    "changes its document": reached(lambda: given.write_bytes(b"x")),
    "leaves a file elsewhere": reached(lambda: (secret.parent / "left").write_bytes(b"x")),
    "connects": reached(lambda: socket.create_connection(("127.0.0.1", port), 5).close()),
}))
"""


def test_H8_a_converter_reaches_its_document_and_its_room_and_nothing_else(tmp_path: Path) -> None:
    """Where the kernel has Landlock (5.13; TCP from version 4 on); elsewhere ``shut`` says that there is no fence."""
    for name in ("room", "state"):
        (tmp_path / name).mkdir()
    (tmp_path / "given.pdf").write_bytes(b"x")
    (tmp_path / "state" / "secret").write_bytes(b"x")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = [str(tmp_path / name) for name in ("given.pdf", "room", "state/secret")]
        command = [sys.executable, "-c", TRIES, *places, str(server.getsockname()[1])]
        done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    version = found.pop("version")
    wanted = {"reads its document", "writes its room", "moves in its room"}
    if version < 4:
        wanted.add("connects")
    assert {name for name, could in found.items() if could} == (wanted if version else set(found))
