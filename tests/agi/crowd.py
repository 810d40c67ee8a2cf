"""A crowd of peers in a process of its own: ``python crowd.py PORT COUNT silent|calls``.

Says "ready" when all are connected (and, for calls, in a sound); at the next line on its standard input all of them
hang up and close.
"""

from __future__ import annotations

import resource
import socket
import sys
from contextlib import suppress

NAMES = (
    "network network_script request channel language type uniqueid version callerid calleridname callingpres "
    "callingani2 callington callingtns dnid rdnis context extension priority enhanced accountcode threadid"
)
HEADER = "".join(f"agi_{name}: x\n" for name in NAMES.split()).encode() + b"agi_arg_1: t0ken\n\n"


def call(peer: socket.socket) -> None:
    """Up to the first sound."""
    peer.sendall(HEADER)
    nonce = peer.recv(4096)[19:].split(b" ")[0]
    peer.sendall(b"200 result=1 (" + nonce + b" a%20b 1 )\n")
    if b"StoreDTMF" in peer.recv(4096):
        peer.sendall(b"200 result=0\n")
        peer.recv(4096)


def main() -> None:
    """Connect, wait, leave."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, count, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    peers = []
    for _ in range(count):
        peers.append(socket.create_connection(("127.0.0.1", port)))
        if kind == "calls":
            call(peers[-1])
    print("ready", flush=True)
    sys.stdin.readline()
    for peer in peers:
        with suppress(OSError):
            peer.sendall(b"200 result=-1 endpos=800\nHANGUP\n")
    print("gone", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
