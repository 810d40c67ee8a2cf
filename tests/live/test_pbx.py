"""``ivr-server pbx`` as a person runs it: what it prints is enough to dial in, and Ctrl-C ends all of it."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from ivr_server.pbx.plan import UDP, port_or_free
from tests.live.product import PROGRAM, Product, installation

pytestmark = pytest.mark.live


def test_what_it_prints_registers_a_telephone_and_ctrl_c_ends_it() -> None:
    """It starts the product; the printed account is accepted, another password is not; at its end nothing is left."""
    with installation() as product:
        dial_in(product)


def dial_in(product: Product) -> None:
    """Run the command, read its account, register with it, stop it."""
    sip = port_or_free(0, UDP)
    command = [PROGRAM, "pbx", "--settings", str(product.folder / "settings.yaml"), "--sip", f"127.0.0.1:{sip}"]
    output = product.folder / "pbx-output"
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
    try:
        printed = wait_for_text(output, "Ctrl-C stops everything", 90)
        account = re.search(r"server (\S+):(\d+)\s+user (\w+)\s+password (\w+)\s+then dial (\d+)", printed)
        assert account and account[2] == str(sip)
        assert register(sip, account[3], account[4]) == 200
        assert register(sip, account[3], "wrong") in (401, 403)
        be_an_agent(printed, sip)
        service = product.pid
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0, output.read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(service, 0)
    assert port_or_free(sip, UDP) == sip


def be_an_agent(printed: str, sip: int) -> None:
    """What it prints makes an account, opens the desk's door, and signs in a telephone on it."""
    desk = re.search(r"open (http://\S+/desk) in a browser", printed)
    account = re.search(r"^  (\S+/ivr-server staff .*add) NAME --role agent$", printed, re.M)
    telephone = re.search(r"user (2001)\s+password (\w+)", printed)
    assert desk and account and telephone
    with urllib.request.urlopen(desk[1], timeout=10) as page:
        assert "/sign-in" in page.geturl()
    made = subprocess.run(
        [*account[1].split(), "Li Hua", "--role", "agent"], check=False, capture_output=True, text=True, timeout=60
    )
    assert made.returncode == 0 and "Li Hua may sign in as agent" in made.stdout, made
    assert register(sip, telephone[1], telephone[2]) == 200


def wait_for_text(path: Path, words: str, seconds: float) -> str:
    """The text of a growing file once it holds some words."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if words in (text := path.read_text(errors="replace")):
            return text
        time.sleep(0.2)
    raise AssertionError(path.read_text(errors="replace"))


def register(port: int, user: str, password: str) -> int:
    """SIP REGISTER with digest authentication (RFC 3261, RFC 2617); gives the status of the second answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(5)
        phone.connect(("127.0.0.1", port))
        own = phone.getsockname()[1]
        challenge = _ask(phone, _request(port, user, own))
        realm, nonce = (re.search(rf'{name}="([^"]*)"', challenge)[1] for name in ("realm", "nonce"))  # type: ignore[index]
        first, second = f"{user}:{realm}:{password}", f"REGISTER:sip:127.0.0.1:{port}"
        parts = [_md5(first), nonce, "00000001", "c", "auth", _md5(second)]
        answer = f'username="{user}", realm="{realm}", nonce="{nonce}", uri="sip:127.0.0.1:{port}", '
        answer += f'response="{_md5(":".join(parts))}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"'
        return int(_ask(phone, _request(port, user, own, f"Authorization: Digest {answer}\r\n")).split()[1])


def _request(port: int, user: str, own: int, more: str = "") -> str:
    number = 2 if more else 1
    address = f"127.0.0.1:{port}"
    return (
        f"REGISTER sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{own}{number};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{user}@{address}>;tag={own}\r\nTo: <sip:{user}@{address}>\r\n"
        f"Call-ID: {own}{user}\r\nCSeq: {number} REGISTER\r\nContact: <sip:{user}@127.0.0.1:{own}>\r\nExpires: 60\r\n"
        f"{more}Content-Length: 0\r\n\r\n"
    )


def _ask(phone: socket.socket, request: str) -> str:
    phone.send(request.encode())
    return phone.recv(4096).decode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
