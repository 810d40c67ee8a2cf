"""Bills by mail, to a real SMTP server over real TLS: what arrives, and what is said when it does not."""

from __future__ import annotations

import asyncio
import datetime
import email
import email.policy
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crm_bridge.secret import Secret
from ivr_server.faxing import mailing
from ivr_server.faxing.mailing import Delivery, Letter, Mailer, MailFault, Smtp

PDF = b"%PDF-1.4 " + bytes(range(256)) * 40
SENDER = "bills@telecom.example"


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


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """Of a server called localhost."""
    return Papers.make(tmp_path_factory.mktemp("papers"), "localhost")


def letter(to: str = "li.hua@example.com", language: str = "zh-CN") -> Letter:
    """A bill of October."""
    return Letter(to=to, month="2026-10", language=language, pdf=PDF)


def at(station: Station, papers: Papers, **values: Any) -> Smtp:
    """How this station is reached."""
    return Smtp(**{"host": "localhost", "port": station.port, "sender": SENDER, "ca": str(papers.chain), **values})


def fault_of(call: Callable[[], object]) -> str:
    """The reason of the fault that it ends with."""
    with pytest.raises(MailFault) as raised:
        call()
    return raised.value.reason


@pytest.mark.parametrize("overt", [False, True], ids=["starttls", "tls"])
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_a_bill_arrives_whole_and_over_tls(overt: bool, language: str, papers: Papers) -> None:
    """Byte for byte, with words in the customer's language, from the one sender to the one address; signed in first."""
    with open_station(Station(), papers, overt=overt) as station:
        smtp = at(station, papers, tls="tls" if overt else "starttls", user="ivr", password=Secret("let me send"))
        Delivery(smtp).make(letter(language=language))
    mail = email.message_from_bytes(station.got[0], policy=email.policy.default)
    assert (mail["To"], mail["From"]) == ("li.hua@example.com", SENDER)
    assert "2026-10" in mail["Subject"] and ("话费" in mail["Subject"]) == (language == "zh-CN")
    (pdf,) = mail.iter_attachments()
    assert (pdf.get_content(), pdf.get_content_type(), pdf.get_filename()) == (
        PDF,
        "application/pdf",
        "bill-2026-10.pdf",
    )
    assert [line for line in station.heard if line.startswith("rcpt")] == ["rcpt TO:<li.hua@example.com>"]
    verbs = [line.split()[0].upper() for line in station.heard]
    assert "AUTH" in verbs and (overt or verbs.index("STARTTLS") < verbs.index("AUTH"))


@pytest.mark.parametrize(
    "address",
    [
        "li@example.com\r\nBcc: all@example.com",
        "li@example.com\nBcc: x@y",
        "li@example.com\r",
        "li@example.com, wang@example.com",
        "Li <li@example.com>",
        "li@example.com\x00",
        "li",
        "li@",
        "@example.com",
        "li hua@example.com",
        "li@-example.com",
        "李@example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@" + ".".join(["b" * 60] * 5),
        "",
    ],
)
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    """No line break begins a header, no comma a second copy; and nothing is connected to."""
    mailer = Mailer(None, Smtp(host="localhost", port=1, sender=SENDER))
    coroutine = mailer.send(letter(address))
    assert fault_of(lambda: coroutine.send(None)) == "address"
    mailer.stop()


@pytest.mark.parametrize(
    ("says", "wanted"),
    [
        ({"RCPT": "550 nobody here"}, "refused"),
        ({"MAIL": "451 later"}, "refused"),
        ({"GREETING": "554 go away"}, "refused"),
        ({"DATA": "554 no"}, "refused"),
        ({"TEXT": "552 too large"}, "refused"),
        ({"AUTH": "535 wrong"}, "sign_in"),
        ({"RCPT": ""}, "away"),
        ({"TEXT": ""}, "unknown"),
    ],
    ids=str,
)
def test_each_refusal_has_its_reason(says: dict[str, str], wanted: str, papers: Papers) -> None:
    """A connection that goes after the text was handed over leaves it unknown whether the letter is on its way."""
    with open_station(Station(says=says), papers) as station:
        smtp = at(station, papers, user="ivr", password=Secret("x"))
        assert fault_of(lambda: Delivery(smtp).make(letter())) == wanted


def test_nothing_is_sent_in_the_clear(papers: Papers) -> None:
    """A server that offers no STARTTLS gets neither password nor letter; no TLS at all is for this machine only."""
    with open_station(Station(starttls=False), papers) as station:
        smtp = at(station, papers, user="ivr", password=Secret("x"))
        assert fault_of(lambda: Delivery(smtp).make(letter())) == "no_tls"
        assert not [line for line in station.heard if line.upper().startswith(("AUTH", "MAIL"))]
        Delivery(at(station, papers, tls="no")).make(letter())
        assert len(station.got) == 1
    with pytest.raises(ValueError, match="without TLS"):
        Smtp(host="mail.example", sender=SENDER, tls="no")


def test_a_certificate_that_does_not_hold_is_not_believed(papers: Papers, tmp_path: Path) -> None:
    """Unknown, of another name, expired: nothing is handed over."""
    other, old = Papers.make(tmp_path, "mail.example"), Papers.make(tmp_path, "localhost", days=-1)
    for served, believed in ((papers, ""), (other, str(other.chain)), (old, str(old.chain))):
        with open_station(Station(), served) as station:
            smtp = at(station, papers, ca=believed)
            assert fault_of(lambda smtp=smtp: Delivery(smtp).make(letter())) == "certificate"  # type: ignore[misc]
            assert station.got == []


def test_a_server_that_is_not_there(papers: Papers) -> None:
    """Said as such."""
    with open_station(Station(), papers) as station:
        pass
    assert fault_of(lambda: Delivery(at(Station(port=1), papers)).make(letter())) == "away"
    assert station.heard == []


def test_a_server_that_greets_byte_by_byte_is_cut_off(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly it answers, a letter ends in time, and its thread is free again."""
    with open_station(Station(says={"GREETING": "220-"}), papers) as station:
        delivery = Delivery(at(station, papers))
        timer = threading.Timer(0.3, delivery.cut)
        timer.start()
        assert fault_of(lambda: delivery.make(letter())) == "slow"
    monkeypatch.setattr(mailing, "MOST_WAITING", 0)
    mailer = Mailer(None, at(station, papers))
    assert fault_of(lambda: mailer.send(letter()).send(None)) == "busy"
    mailer.stop()


def test_a_password_is_shown_nowhere(papers: Papers) -> None:
    """Neither in the server's value nor in a letter's."""
    assert "open sesame" not in repr(Smtp(host="localhost", sender=SENDER, password=Secret("open sesame")))
    assert "%PDF" not in repr(letter())
