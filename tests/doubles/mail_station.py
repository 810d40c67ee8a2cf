"""A mail server for tests: real SMTP over real TLS, and each refusal a server can give."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Station:
    """A small SMTP server of asyncio streams, in a thread of its own. ``says``: an answer of another kind to a verb."""

    port: int = 0
    starttls: bool = True
    says: dict[str, str] = field(default_factory=dict)
    got: list[bytes] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    safe: list[bool] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        """One conversation."""
        writer.write((self.says.get("GREETING", "220 station") + "\r\n").encode())
        while line := (await reader.readline()).decode():
            verb = line.split()[0].upper().partition(":")[0]
            self.heard.append(line.strip())
            if (answer := self.says.get(verb)) == "":
                break
            writer.write(((answer or self.usual(verb)) + "\r\n").encode())
            if verb == "STARTTLS":
                await writer.start_tls(context)
                self.safe.append(True)
            elif verb == "DATA" and not answer:
                self.got.append((await reader.readuntil(b"\r\n.\r\n"))[:-5].replace(b"\r\n..", b"\r\n."))
                if self.says.get("TEXT") == "":
                    break
                writer.write((self.says.get("TEXT", "250 taken") + "\r\n").encode())
            elif verb == "QUIT":
                break
        writer.close()

    def usual(self, verb: str) -> str:
        """What a server says that takes everything."""
        offers = "250-station\r\n" + "250-STARTTLS\r\n" * (self.starttls and not self.safe) + "250 AUTH PLAIN"
        return {"EHLO": offers, "DATA": "354 go on", "STARTTLS": "220 go on", "AUTH": "235 welcome"}.get(
            verb, "250 well"
        )


@dataclass(frozen=True)
class Papers:
    """A key and a self-signed certificate for one name."""

    chain: Path

    @classmethod
    def make(cls, folder: Path, name: str, days: int = 1) -> Papers:
        """Written to one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=10))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        chain = folder / f"{name}{days}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        chain.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        return cls(chain)

    def context(self) -> ssl.SSLContext:
        """For the server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain)
        return context


@contextmanager
def open_station(station: Station, papers: Papers, *, overt: bool = False) -> Iterator[Station]:
    """The server at a free port, until the test is done."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def begin() -> None:
        context = papers.context()
        served = lambda reader, writer: station.talk(reader, writer, context)  # noqa: E731
        server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=context if overt else None)
        station.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        loop.set_exception_handler(lambda _loop, _context: None)  # a client that refuses us goes in mid hand-shake
        loop.create_task(begin())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield station
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
