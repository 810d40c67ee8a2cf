"""The pages of the fax jobs: who may do what, what a filter takes, and what is written down."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from crm_bridge import fax_jobs, staff
from crm_bridge.staff import deeds
from ivr_server.console.faxes import as_csv, inert
from tests.console.conftest import serve
from tests.doubles.fax_rows import JOBS, change, fill, put
from tests.doubles.mail_station import Papers, Station, open_station

Client = House = Any  # the fixtures' own, in conftest.py
HERE, GONE = 1, 999_999


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A mail server on this machine."""
    papers = Papers.make(tmp_path_factory.mktemp("papers"), "localhost")
    with open_station(Station(), papers) as station:
        yield station


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, post: Station) -> Iterator[House]:
    """The console with a fax job in every state, and a mail server."""
    for served in serve(tmp_path_factory.mktemp("faxes"), "loopback", str(post.port)):
        for role in staff.ROLES:
            served.hire(role, role)
        served.change(fill, served.folder / "faxes")
        yield served


@pytest.fixture(scope="module")
def visitors(house: House) -> dict[str, Client]:
    """One of each role, and a stranger."""
    clients = {name: house.client() for name in ("", *staff.ROLES)}
    for name in staff.ROLES:
        assert clients[name].sign_in(name).status == 303
    return clients


def new_job(house: House, **values: Any) -> int:
    """One more."""
    made: int = house.change(put, {"created": time.time(), **values}, house.folder / "faxes" / "new")
    return made


def row_of(house: House, id: int) -> Any:
    """As it is kept."""
    return house.change(fax_jobs.job, id)


def shown(text: str) -> list[int]:
    """The jobs in the table of a page."""
    return [int(id) for id in re.findall(r'<tr role="row" id="fax-(\d+)"', text)]


WANTED = {
    "en": "Bills by fax|The number was busy|It broke off on the way|Nobody knows what became|not drawn yet|"
    "Answered, but no fax machine spoke|2 of 5 pages confirmed|to be dialled in|customer 7",
    "zh": "传真账单|对方占线|传送中断|正在查明|尚未生成|没有传真机的信号|共 5 页，对方已确认 2 页|后拨号|客户 7",
}


@pytest.mark.parametrize("language", WANTED)
def test_everybody_on_the_staff_reads_the_jobs_in_words(language: str, visitors: dict[str, Client]) -> None:
    """Newest first, every state, its reason, its pages; in both languages."""
    for name in staff.ROLES:
        text = visitors[name].ask("GET", "/faxes", Accept_Language=language).text
        assert [words for words in WANTED[language].split("|") if words not in text] == []
        ids = shown(text)
        assert ids == sorted(ids, reverse=True) and len(ids) >= len(JOBS)


@pytest.mark.parametrize(("language", "words"), [("en", "audio"), ("zh", "音频")])
def test_how_a_dial_was_sent_is_in_the_readers_language(language: str, words: str, visitors: dict[str, Client]) -> None:
    """T.38 is T.38 everywhere; sound is a word."""
    text = visitors["agent"].ask("GET", "/faxes/2", Accept_Language=language).text
    assert f">{words}<" in text and ">T.38<" in text


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("state=retrying", {5, 6}),
        ("number=888", {10}),
        ("number=%2B8621", {10}),
        ("month=2026-09", set()),
        ("customer=7&state=sent", {1}),
        ("customer=8", set()),
        ("state=waiting&before=9", set()),
        ("before=3", {1, 2}),
    ],
)
def test_the_list_is_filtered_and_turned(query: str, wanted: set[int], visitors: dict[str, Client]) -> None:
    """By state, a part of the number, month, customer; and beyond a job."""
    found = {id for id in shown(visitors["agent"].ask("GET", f"/faxes?{query}").text) if id <= len(JOBS)}
    assert found == wanted


CORPUS = (
    "' or '1'='1",
    "1;drop table fax_jobs",
    "%",
    "_",
    "1 union select 1",
    "\x00",
    "../..",
    "a" * 500,
    "-1",
    "１",
    "1\n2",
)


@pytest.mark.parametrize("text", CORPUS)
@pytest.mark.parametrize("field", ["state", "number", "month", "customer"])
def test_I7_what_is_not_of_a_fields_shape_is_refused_in_words(
    field: str, text: str, visitors: dict[str, Client]
) -> None:
    """No part of it reaches the database; the page, the table and the stream alike."""
    from urllib.parse import urlencode

    query = urlencode({field: text})
    got = visitors["supervisor"].ask("GET", f"/faxes?{query}")
    if field == "customer" and text in ("-1", "_", "a" * 500):  # of that shape (cut to 40 signs), and nobody's
        assert (got.status, shown(got.text)) == (200, [])
        return
    assert (got.status, shown(got.text)) == (400, [])
    assert 'role="alert"' in got.text
    for path in ("/faxes/jobs.csv", "/faxes/stream"):
        assert visitors["supervisor"].ask("GET", f"{path}?{query}").status == 400


def test_I7_other_parameters_are_not_looked_at(visitors: dict[str, Client]) -> None:
    """Neither a column to sort by nor a place that is no number."""
    plain = shown(visitors["agent"].ask("GET", "/faxes").text)
    for query in ("sort=worker", "order=1;--", "account=7", "before=x", "before=-1", "fence=0"):
        assert shown(visitors["agent"].ask("GET", f"/faxes?{query}").text) == plain


def test_a_long_list_is_turned_page_by_page(house: House, visitors: dict[str, Client]) -> None:
    """Fifty at a time, each job once, with a way back to the newest."""
    for number in range(60):
        house.change(put, {"created": 5.0 + number, "number": "0769000", "state": "sent"})
    first = visitors["agent"].ask("GET", "/faxes?number=0769000").text
    older = re.search(r'href="(/faxes\?[^"]*before=\d+)"', first)
    assert older is not None
    second = visitors["agent"].ask("GET", older[1].replace("&amp;", "&")).text
    assert (len(shown(first)), len(shown(second))) == (50, 10)
    assert not set(shown(first)) & set(shown(second))
    assert 'href="/faxes?number=0769000">The newest' in second


GUARDED = [
    ("GET", "/faxes/{}/bill.pdf"),
    ("GET", "/faxes/{}/pages/1.png"),
    ("POST", "/faxes/{}/retry"),
    ("POST", "/faxes/{}/cancel"),
    ("POST", "/faxes/{}/mail"),
]


@pytest.mark.parametrize("guarded", GUARDED, ids=" ".join)
@pytest.mark.parametrize("name", ["", "agent"])
def test_I4_I5_who_may_not_learns_nothing_and_gets_nothing(
    guarded: tuple[str, str], name: str, house: House, visitors: dict[str, Client]
) -> None:
    """The same refusal for a job that is there and one that is not, with a range or without; an agent's is audited."""
    (method, path), answers = guarded, set()
    for id in (HERE, GONE, "1%2e", "x"):
        for range_asked in ("", "bytes=0-10"):
            form = {"csrf": "0", "reason": "because", "address": "a@b.example"} if method == "POST" else None
            got = visitors[name].ask(method, path.format(id), form, Range=range_asked)
            body = re.sub(r'name="back" value="[^"]*"|value="[0-9a-f]{64}"', "", got.text)
            answers.add((got.status, body))
    assert len(answers) == 1
    assert answers.pop()[0] == (303 if not name and method == "GET" else 403)
    if name:
        written: Any = house.change(deeds)
        assert ("agent", "refused", f"{method} {path.format(HERE)}") in {
            (one.who, one.what, one.about) for one in written
        }


def test_an_agents_page_of_a_job_has_neither_document_nor_acts_nor_the_call(visitors: dict[str, Client]) -> None:
    """The dials and their reasons are there to answer a caller; a customer's bill is not."""
    text = visitors["agent"].ask("GET", f"/faxes/{HERE}").text
    assert "Tries so far" in text and "14400 bit/s" in text
    for hidden in ("bill.pdf", ".png", "/calls/", "/retry", "/cancel", "address", "jobs.csv"):
        assert hidden not in text.partition("<main")[2]


def test_a_job_that_is_not_there(visitors: dict[str, Client]) -> None:
    """404 in words, for every shape of a number."""
    for id in (GONE, "0", "-1", "1.0", "01x", "%31%00", "9" * 30):
        for path in ("", "/bill.pdf", "/pages/1.png"):
            assert visitors["admin"].ask("GET", f"/faxes/{id}{path}").status == 404
    for page in ("0", "4", "-1", "1.5", "x", "../1", "0001"):
        assert visitors["admin"].ask("GET", f"/faxes/{HERE}/pages/{page}.png").status == 404


def test_the_document_is_given_whole_and_each_time_is_written_down(house: House, visitors: dict[str, Client]) -> None:
    """As a file to keep, whatever range is asked for; each page that is looked at, too."""
    got = visitors["supervisor"].ask("GET", f"/faxes/{HERE}/bill.pdf", Range="bytes=2-5")
    assert (got.status, got.text) == (200, "%PDF-1.4 the bill")
    assert got.headers["Content-Type"] == "application/pdf"
    assert got.headers["Content-Disposition"] == 'attachment; filename="bill-fax-1.pdf"'
    assert (got.headers["Accept-Ranges"], got.headers["Cache-Control"]) == ("none", "no-store")
    assert visitors["supervisor"].ask("GET", f"/faxes/{HERE}/pages/2.png").headers["Content-Type"] == "image/png"
    written: Any = house.change(deeds)
    done = [(one.who, one.what, one.about) for one in written][:2]
    assert done == [("supervisor", "fax_page_seen", "fax 1 page 2"), ("supervisor", "fax_document_saved", "fax 1")]


def decide(client: Client, id: int, act: str, **form: str) -> Any:
    """Through the form of the job's page."""
    return client.ask("POST", f"/faxes/{id}/{act}", {"csrf": client.csrf(f"/faxes/{id}"), **form})


def test_a_supervisor_sends_a_failed_fax_again_and_ends_one(house: House, visitors: dict[str, Client]) -> None:
    """With a reason, which is written down with the name; the page says what was done."""
    id = new_job(house, state="failed", cause="busy", pages=2, delivered=1)
    done = decide(visitors["supervisor"], id, "retry", reason="the customer\nrang")
    assert (done.status, done.headers["Location"]) == (303, f"/faxes/{id}?done=retry")
    assert "It is sent now." in visitors["supervisor"].ask("GET", done.headers["Location"]).text
    row = row_of(house, id)
    assert (row.state, row.cause, row.delivered) == ("waiting", "", 1)
    assert decide(visitors["admin"], id, "cancel", reason="wrong number").status == 303
    row = row_of(house, id)
    assert (row.state, row.cause) == ("failed", "cancelled")
    written: Any = house.change(deeds)
    mine = [(one.who, one.what, one.about) for one in written if one.about.startswith(f"fax {id}:")]
    assert mine == [
        ("admin", "fax_cancel", f"fax {id}: wrong number"),
        ("supervisor", "fax_retry", f"fax {id}: the customer rang"),
    ]


def test_one_under_way_is_noted_for_its_worker(house: House, visitors: dict[str, Client]) -> None:
    """The page says so, and offers nothing more."""
    id = new_job(house, state="sending", pages=2)
    assert decide(visitors["admin"], id, "cancel", reason="stop it").status == 303
    assert (row_of(house, id).state, row_of(house, id).stop) == ("sending", True)
    text = visitors["admin"].ask("GET", f"/faxes/{id}").text
    assert "Being cancelled" in text
    assert "/cancel" not in text


def test_without_a_reason_or_too_late_nothing_is_done(house: House, visitors: dict[str, Client]) -> None:
    """400 and 409, in words, on the job's page."""
    id = new_job(house, state="sent", pages=1, delivered=1)
    for reason in ("", "  ", "x"):
        got = decide(visitors["admin"], id, "retry", reason=reason)
        assert (got.status, "Please give a reason" in got.text) == (400, True)
    for act in ("retry", "cancel"):
        got = decide(visitors["admin"], id, act, reason="because")
        assert (got.status, "has moved on meanwhile" in got.text) == (409, True)
    assert row_of(house, id).state == "sent"
    written: Any = house.change(deeds)
    assert not [one for one in written if one.about.startswith(f"fax {id}:")]


def test_a_bill_is_mailed_from_its_page(house: House, visitors: dict[str, Client], post: Station) -> None:
    """To one plain address; the page says what the mail server said."""
    supervisor = visitors["supervisor"]
    done = decide(supervisor, HERE, "mail", address=" hua@example.com ")
    assert (done.status, done.headers["Location"]) == (303, "/faxes/1?done=mailed")
    assert b"JVBERi0xLjQgdGhlIGJpbGw=" in post.got[-1]
    before = len(post.got)
    for address in ("hua@example.com\r\nBcc: all@example.com", "a@b.example, c@d.example", "hua"):
        got = decide(supervisor, HERE, "mail", address=address)
        assert (got.status, "not one plain mail address" in got.text) == (400, True)
    post.says["RCPT"] = "550 nobody"
    got = decide(supervisor, HERE, "mail", address="no@example.com")
    del post.says["RCPT"]
    assert (got.status, "refused this mail" in got.text, len(post.got)) == (502, True, before)
    got = decide(supervisor, 9, "mail", address="hua@example.com")
    assert (got.status, "not here any more" in got.text) == (502, True)
    written: Any = house.change(deeds)
    mails = [(one.what, one.about) for one in written if one.what.startswith("fax_mail")]
    assert ("fax_mail_taken", "fax 1 to hua@example.com") in mails
    assert ("fax_mail_refused", "fax 1 to no@example.com") in mails


def test_I1_hostile_words_of_a_receiver_are_text(visitors: dict[str, Client]) -> None:
    """What it calls itself, and what Asterisk said of it."""
    for path in ("/faxes?number=8621888", "/faxes/10"):
        text = visitors["supervisor"].ask("GET", path).text
        assert "<script>document" not in text and "\u202e" not in text
        assert "&lt;script&gt;document.tit" in text


def test_I6_no_cell_of_the_table_is_a_formula(house: House, visitors: dict[str, Client]) -> None:
    """What begins like one, after spaces too, is text; the same filter as on the page; its saving is written down."""
    got = visitors["supervisor"].ask("GET", "/faxes/jobs.csv?state=failed")
    rows = list(csv.DictReader(io.StringIO(got.text.removeprefix("\ufeff"))))
    assert {row["state"] for row in rows} == {"failed"}
    assert next(row for row in rows if row["id"] == "10")["number"] == "'+8621888"
    assert [inert(cell) for cell in ("=1+1", " @x", "\t=2", "-1", "plain", "")] == [
        "'=1+1",
        "' @x",
        "\ufffd=2",
        "'-1",
        "plain",
        "",
    ]
    assert as_csv([], None).startswith("id,created,customer")  # type: ignore[arg-type]
    written: Any = house.change(deeds)
    assert ("supervisor", "fax_list_saved") in {(one.who, one.what) for one in written}


def test_the_stream_over_a_real_socket(house: House, visitors: dict[str, Client]) -> None:
    """Events of text, not kept by anybody; a job that changes is told within some seconds; a stranger gets none."""
    id = new_job(house, number="0755123")
    assert visitors[""].ask("GET", "/faxes/stream").status == 303
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    cookies = "; ".join(f"{name}={value}" for name, value in visitors["agent"].cookies.items())
    connection.request(
        "GET", "/faxes/stream?number=0755123", headers={"Cookie": cookies, "Accept": "text/event-stream"}
    )
    got = connection.getresponse()
    assert (got.status, got.headers["Content-Type"]) == (200, "text/event-stream")
    assert (got.headers["Cache-Control"], got.headers["X-Accel-Buffering"]) == ("no-store", "no")
    assert got.readline() == b"retry: 2000\n"
    events: list[tuple[str, Any]] = []
    while ("resync", {}) not in events:
        events.append(one_event(got))
    house.change(lambda connection: change(connection, id, state="dialling", tries=1))
    while events[-1][0] != "row":
        events.append(one_event(got))
    assert (events[-1][1]["id"], events[-1][1]["state"]) == (id, "dialling")
    connection.close()


def one_event(got: http.client.HTTPResponse) -> tuple[str, Any]:
    """The next event of a stream."""
    name = ""
    while True:
        line = got.readline().decode().strip()
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            return name, json.loads(line[6:])
