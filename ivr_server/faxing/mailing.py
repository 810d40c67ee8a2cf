"""The bill by mail: one PDF to one address, through the operator's own mail server.

The server is believed only over TLS with a certificate that holds, unless it is on this machine. A letter is sent in a
thread, each within ``TOTAL_S`` however slowly the server answers, two at once, a few waiting. When the connection goes
after the text was handed over, nobody knows whether the letter is on its way: that is said, and nothing is sent again
by itself.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Final, Literal

from twisted.internet.threads import deferToThreadPool

from crm_bridge.secret import Secret
from crm_bridge.threads import DaemonPool

STEP_S: Final = 15.0
TOTAL_S: Final = 60.0
AT_ONCE: Final = 2
MOST_WAITING: Final = 6
LONGEST: Final = 180  # signs of an address: it must fit into a line of the audit
HERE: Final = ("localhost", "127.0.0.1", "::1")
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*\Z"
)
SUBJECTS: Final = {"zh-CN": "您 {month} 的话费详单", "en-US": "Your itemised bill of {month}"}
TEXTS: Final = {
    "zh-CN": "您好，\n\n附件是您 {month} 的话费详单（PDF）。\n\n此邮件由系统发出，请勿回复。\n",
    "en-US": "Dear customer,\n\nYour itemised bill of {month} is attached as a PDF.\n\nPlease do not reply.\n",
}


class MailFault(Exception):
    """Why a letter was not sent. ``reason``: address, busy, away, slow, certificate, no_tls, sign_in, refused, unknown.

    "unknown": it may be on its way.
    """

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(f"{reason}: {text}" if text else reason)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The mail server. ``tls``: "starttls", "tls" from the first byte, "no" for a server on this machine alone.

    ``ca``: a file of certificates to believe in place of the system's; ``user``: "" when it wants no sign-in.
    """

    host: str
    sender: str
    port: int = 587
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    tls: Literal["starttls", "tls", "no"] = "starttls"
    ca: str = ""

    def __post_init__(self) -> None:
        if self.tls == "no" and self.host not in HERE:
            raise ValueError("mail: without TLS only a server on this machine can be used")
        if not fit(self.sender):
            raise ValueError(f'mail: "{self.sender[:80]}" is no address to send from')


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One bill to one address."""

    to: str
    month: str
    language: str
    pdf: bytes = field(repr=False)


def fit(address: str) -> bool:
    """Whether this is one plain address: no name beside it, no second one, no line break that would begin a header."""
    return len(address) <= LONGEST and _ADDRESS.match(address) is not None


def written(letter: Letter, sender: str) -> EmailMessage:
    """The letter as a mail."""
    language = letter.language if letter.language in TEXTS else "en-US"
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, letter.to
    mail["Subject"] = SUBJECTS[language].format(month=letter.month)
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(TEXTS[language].format(month=letter.month))
    mail.add_attachment(letter.pdf, maintype="application", subtype="pdf", filename=f"bill-{letter.month}.pdf")
    return mail


class Mailer:
    """Letters to one server. ``stop`` it at the end."""

    def __init__(self, reactor: Any, smtp: Smtp) -> None:
        self._reactor = reactor
        self._smtp = smtp
        self._pool = DaemonPool(0, AT_ONCE, name="mail")
        self._pool.start()
        self._waiting = 0

    def stop(self) -> None:
        """End the threads; a letter under way is not waited for."""
        self._pool.adjustPoolsize(0, 0)

    async def send(self, letter: Letter) -> None:
        """Hand it to the server; MailFault when it was not, or may not have been, taken."""
        if not fit(letter.to):
            raise MailFault("address")
        if self._waiting >= MOST_WAITING:
            raise MailFault("busy")
        self._waiting += 1
        delivery = Delivery(self._smtp)
        timer = self._reactor.callLater(TOTAL_S, delivery.cut)
        try:
            await deferToThreadPool(self._reactor, self._pool, delivery.make, letter)
        finally:
            self._waiting -= 1
            if timer.active():
                timer.cancel()


class Delivery:
    """One conversation with the server, in a thread; ``cut`` ends it from another one."""

    def __init__(self, smtp: Smtp) -> None:
        self.smtp = smtp
        self.client: smtplib.SMTP | None = None
        self._late = False

    def cut(self) -> None:
        """It takes too long."""
        self._late = True
        sock = self.client.sock if self.client is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def make(self, letter: Letter) -> None:
        """Connect, sign in, hand over; every trouble is a MailFault."""
        try:
            client = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as fault:
            raise self._told(fault) from None
        try:
            self._envelope(client, letter)
            self._text(client, letter)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def _connected(self) -> smtplib.SMTP:
        return Overt(self) if self.smtp.tls == "tls" else Plain(self)

    def _told(self, fault: Exception) -> MailFault:
        return MailFault("slow") if self._late else _fault(fault)

    def _envelope(self, client: smtplib.SMTP, letter: Letter) -> None:
        try:
            if self._late:
                raise TimeoutError
            if self.smtp.tls == "starttls":
                client.starttls(context=_context(self.smtp))
            if self.smtp.user:
                client.login(self.smtp.user, self.smtp.password.reveal())
            client.ehlo_or_helo_if_needed()
            _must(client.mail(self.smtp.sender), "refused")
            _must(client.rcpt(letter.to), "refused")
        except (OSError, smtplib.SMTPException) as fault:
            raise self._told(fault) from None

    def _text(self, client: smtplib.SMTP, letter: Letter) -> None:
        try:
            _must(client.data(written(letter, self.smtp.sender).as_bytes()), "refused")
        except smtplib.SMTPDataError as fault:
            raise _fault(fault) from None
        except (OSError, smtplib.SMTPException) as fault:
            raise MailFault("unknown", str(fault)[:100]) from None


class Plain(smtplib.SMTP):
    """A client that is noted before it connects, so that ``cut`` reaches a server that greets byte by byte."""

    def __init__(self, delivery: Delivery) -> None:
        delivery.client = self
        super().__init__(delivery.smtp.host, delivery.smtp.port, timeout=STEP_S)


class Overt(smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""

    def __init__(self, delivery: Delivery) -> None:
        delivery.client = self
        super().__init__(delivery.smtp.host, delivery.smtp.port, timeout=STEP_S, context=_context(delivery.smtp))


def _context(smtp: Smtp) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=smtp.ca or None)


def _must(answer: tuple[int, bytes], reason: str) -> None:
    code, text = answer
    if not 200 <= code < 300:
        raise MailFault(reason, f"{code} {text.decode('ascii', 'replace')}"[:100])


def _fault(fault: Exception) -> MailFault:
    """What an exception of the library means."""
    reason = next((reason for kind, reason in _MEANINGS if isinstance(fault, kind)), "away")
    text = getattr(fault, "smtp_error", b"") or str(fault)
    return MailFault(reason, (text.decode("ascii", "replace") if isinstance(text, bytes) else text)[:100])


_MEANINGS: Final = (
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "no_tls"),
    (smtplib.SMTPNotSupportedError, "no_tls"),
    (smtplib.SMTPAuthenticationError, "sign_in"),
    (smtplib.SMTPResponseException, "refused"),
    (TimeoutError, "slow"),
)
