"""Bills by mail, to a real SMTP server over real TLS: what arrives, and what is said when it does not."""

from __future__ import annotations

import email
import email.policy
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.secret import Secret
from ivr_server.faxing import mailing
from ivr_server.faxing.mailing import Delivery, Letter, Mailer, MailFault, Smtp
from tests.doubles.mail_station import Papers, Station, open_station

PDF = b"%PDF-1.4 " + bytes(range(256)) * 40
SENDER = "bills@telecom.example"


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
