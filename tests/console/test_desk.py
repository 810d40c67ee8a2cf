"""The desk over real sockets: whose is what, what is refused and how, what is played back and written down."""

from __future__ import annotations

import http.client
import json
import re
import threading
import wave
from collections.abc import Iterator
from typing import Any

import pytest

from crm_bridge import receptions
from crm_bridge.answers import LookUpFault
from crm_bridge.receptions import Reception, id_of
from crm_bridge.staff import Person, deeds
from ivr_server.console.lately import LASTS_S, Lately
from ivr_server.console.playing import asked_range
from tests.console.conftest import serve

Client = House = Any  # the fixtures' own, in conftest.py
MINE, GIVEN, NONE = "1700000001.1", "1700000002.1", "1999999999.9"
RECORDED = f"{MINE}-1700000005"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two agents, a supervisor, an admin; a call of li's, one that li gave to wang, and their recordings."""
    for served in serve(tmp_path_factory.mktemp("desk")):
        for name, role in (("li", "agent"), ("wang", "agent"), ("chief", "supervisor"), ("root", "admin")):
            served.hire(name, role)
        for call, names in ((MINE, ("li",)), (GIVEN, ("li", "wang"))):
            for name in names:
                row = Reception(
                    id=id_of(name, call), agent=name, call=call, number="13800138000", form="fees", at=1.7e9
                )
                served.change(receptions.begin, row)
        (served.folder / "recordings").mkdir()
        for call in (MINE, GIVEN):
            tone(served.folder / "recordings" / f"{call}-1700000005.wav")
        (served.folder / "recordings" / f"{NONE}-1700000009.wav").symlink_to(served.folder / "ivr.db")
        yield served


def tone(path: Any) -> None:
    """A second of silence."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(range(256)) * 62)


@pytest.fixture(scope="module")
def people(house: House) -> dict[str, Client]:
    """Each of them at a browser, and a stranger."""
    clients = {name: house.client() for name in ("", "li", "wang", "chief", "root")}
    for name in ("li", "wang", "chief", "root"):
        assert clients[name].sign_in(name).status == 303
    return clients


def post(client: Client, path: str, **form: str) -> tuple[int, Any]:
    """What a script of the page sends, and what it gets."""
    got = client.ask("POST", path, {"csrf": client.csrf("/"), **form}, Accept="application/json")
    return got.status, json.loads(got.text)


def get(client: Client, path: str, **headers: str) -> tuple[int, Any]:
    """The same for questions."""
    got = client.ask("GET", path, Accept="application/json", **headers)
    return got.status, json.loads(got.text) if got.headers["Content-Type"] == "application/json" else got.text


# --- whose is what -------------------------------------------------------------------------------------------------

OWNERS = {MINE: {"li", "chief", "root"}, GIVEN: {"li", "wang", "chief", "root"}, NONE: {"chief", "root"}}
OBJECTS = [
    pytest.param(path, call, name, id=f"{path} {call} {name}")
    for path in ("/desk/call/{}", "/desk/recordings/{}-1700000005")
    for call in OWNERS
    for name in ("li", "wang", "chief", "root")
]


@pytest.mark.parametrize(("path", "call", "name"), OBJECTS)
@pytest.mark.parametrize("range_asked", ["", "bytes=0-9"])
def test_I4_I5_calls_and_recordings_are_their_agents_and_the_supervisors(  # noqa: PLR0917
    path: str, call: str, name: str, range_asked: str, people: dict[str, Client]
) -> None:
    """Own ones and those given with a transfer; others' are refused as if they were not there, with a range or not."""
    got = people[name].ask("GET", path.format(call), Range=range_asked)
    if name not in OWNERS[call]:
        assert (got.status, json.loads(got.text)["text"] != "") == (403, True)
    elif call == NONE:
        assert got.status == 404
    else:
        assert got.status == (206 if range_asked and "recordings" in path else 200)


def test_I4_I5_a_refusal_tells_nothing_of_what_exists(house: House, people: dict[str, Client]) -> None:
    """The same words, for calls, recordings, receptions and every act, there or not; each is written down."""
    told = set()
    for call in (MINE, NONE, "..", "x"):
        told.add(get(people["wang"], f"/desk/call/{call}")[1]["text"])
        told.add(get(people["wang"], f"/desk/recordings/{call}-1700000005")[1]["text"])
        told.add(post(people["wang"], f"/desk/call/{call}/transfer", to="billing", kind="blind")[1]["text"])
        told.add(post(people["wang"], f"/desk/call/{call}/hang-up")[1]["text"])
        told.add(post(people["wang"], f"/desk/reception/{id_of('li', call)}", version="0", asked="x")[1]["text"])
    assert len(told) == 1
    written: Any = house.change(deeds)
    about = {one.about for one in written if (one.who, one.what) == ("wang", "refused")}
    assert {f"call {MINE}", f"call {NONE}", f"recording {RECORDED}", f"reception {id_of('li', MINE)}"} <= about


def test_I4_even_a_supervisor_does_not_act_on_anothers_call_or_write_anothers_record(people: dict[str, Client]) -> None:
    """They see all of it; what is done and written is the agent's own."""
    assert post(people["chief"], f"/desk/call/{MINE}/hang-up")[0] == 409
    assert post(people["chief"], f"/desk/reception/{id_of('li', MINE)}", version="0", asked="x")[0] == 403


def test_I5_a_recording_is_given_in_parts_and_written_down(house: House, people: dict[str, Client]) -> None:
    """The whole, a part, the end, what is beyond; one line of the audit; nothing from outside the folder."""
    path, li = f"/desk/recordings/{RECORDED}", people["li"]
    whole = li.ask("GET", path)
    assert (whole.status, whole.headers["Content-Type"], whole.headers["Accept-Ranges"]) == (200, "audio/wav", "bytes")
    size = int(whole.headers["Content-Length"])
    part = li.ask("GET", path, Range="bytes=4-7")
    assert (part.status, part.headers["Content-Range"], part.headers["Content-Length"]) == (
        206,
        f"bytes 4-7/{size}",
        "4",
    )
    assert li.ask("GET", path, Range=f"bytes={size}-").status == 416
    assert li.ask("GET", path, Range="bytes=-10").headers["Content-Range"] == f"bytes {size - 10}-{size - 1}/{size}"
    written: Any = house.change(deeds)
    assert [one.about for one in written if (one.who, one.what) == ("li", "recording_played")].count(
        f"recording {RECORDED}"
    ) == 1
    for id in (f"{NONE}-1700000009", "..-1700000009", "ivr", "%2e%2e%2fivr.db"):
        assert people["chief"].ask("GET", f"/desk/recordings/{id}").status in (403, 404)


def test_lists_hold_what_is_ones_own(people: dict[str, Client]) -> None:
    """Receptions and recordings: an agent's, or everybody's for a supervisor."""
    calls = {
        name: {one["call"] for one in get(people[name], "/desk/recordings")[1]["recordings"]}
        for name in ("li", "wang", "chief")
    }
    assert calls == {"li": {MINE, GIVEN}, "wang": {GIVEN}, "chief": {MINE, GIVEN}}
    agents = {
        name: {one["agent"] for one in get(people[name], "/desk/receptions")[1]["receptions"]}
        for name in ("wang", "chief")
    }
    assert agents["wang"] == {"wang"}
    assert agents["chief"] >= {"li", "wang"}
    [own] = [one for one in get(people["li"], "/desk/receptions")[1]["receptions"] if one["call"] == MINE]
    assert own["recording"] == RECORDED


# --- how things are refused ----------------------------------------------------------------------------------------


def test_scripts_are_refused_in_json_and_in_their_language(people: dict[str, Client]) -> None:
    """A stranger, a forged form, a field of the wrong shape: {text}, with the status that says which."""
    status, told = get(people[""], "/desk/receptions")
    assert (status, "Sign in again" in told["text"]) == (401, True)
    forged = people["li"].ask("POST", "/desk/rise", {"csrf": "0" * 64})
    assert (forged.status, "text" in json.loads(forged.text)) == (403, True)
    assert post(people["li"], "/desk/sit", device="hammock")[0] == 422
    assert post(people["li"], "/desk/dial", number="<script>") == (422, {"text": "That is no telephone number."})
    assert get(people["li"], "/desk/fees?number=13800138000&reason=x")[0] == 422
    assert "请写明查询原因" in get(people["li"], "/desk/fees?number=13800138000", Accept_Language="zh")[1]["text"]
    assert post(people["li"], f"/desk/call/{MINE}/explode")[0] == 404


CORPUS = ("' or '1'='1", "1;drop table receptions", "\x00", "../..", "a" * 5000, "\u202e", "1\n2")


@pytest.mark.parametrize("text", CORPUS)
def test_I7_what_is_not_of_a_fields_shape_reaches_nothing(text: str, people: dict[str, Client]) -> None:
    """Numbers, months, ids, names of forms and fields, versions."""
    from urllib.parse import quote

    li = people["li"]
    assert get(li, f"/desk/customer?number={quote(text)}")[0] == 422
    assert get(li, f"/desk/fees?number=13800138000&month={quote(text)}&reason=why")[0] == 422
    assert li.ask("GET", f"/desk/call/{quote(text, safe='')}").status in (403, 404, 405)
    assert post(li, "/desk/reception", form=text, number="1")[0] == 422
    assert post(li, f"/desk/reception/{id_of('li', MINE)}", version="0", **{text: "x"})[0] == 422
    assert post(li, f"/desk/reception/{id_of('li', MINE)}", version=text, asked="x")[0] == 422
    assert post(li, "/desk/state", state="busy", reason=text)[0] == 422


def test_the_page_may_use_the_microphone_and_no_other_may(people: dict[str, Client]) -> None:
    """One header on one page."""
    assert "microphone=(self)" in people["li"].ask("GET", "/desk").headers["Permissions-Policy"]
    assert "microphone=()" in people["li"].ask("GET", "/").headers["Permissions-Policy"]


# --- what is written -----------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_and_versions_tell_who_was_faster(people: dict[str, Client]) -> None:
    """A save, the same once more, one on an old version with what stands there instead."""
    id, li = id_of("li", MINE), people["li"]
    assert post(li, f"/desk/reception/{id}", version="0", asked="上月话费", disputed="12.5") == (200, {"version": 1})
    assert post(li, f"/desk/reception/{id}", version="0", asked="上月话费") == (200, {"version": 1})
    status, told = post(li, f"/desk/reception/{id}", version="0", asked="another tab")
    assert (status, told["version"], told["asked"], told["values"]["disputed"]) == (409, 1, "上月话费", "12.5")
    assert post(li, f"/desk/reception/{id}", version="1", done="<b>explained</b>", follow_up_on="2026-12-01")[1] == {
        "version": 2
    }
    assert post(li, f"/desk/reception/{id}", version="2", follow_up_on="soon")[0] == 422
    shown = get(li, f"/desk/call/{MINE}")[1]["reception"]
    assert (shown["version"], shown["done"], shown["follow_up_on"]) == (2, "<b>explained</b>", "2026-12-01")


def test_I15_a_record_begun_a_hundred_times_is_one(house: House, people: dict[str, Client]) -> None:
    """The same key, side by side."""
    li = people["li"]
    form = {"csrf": li.csrf("/"), "number": "13800138000", "form": "complaint", "key": "page-key-1"}
    ids = set()

    def begin() -> None:
        ids.add(json.loads(li.ask("POST", "/desk/reception", form, Accept="application/json").text)["id"])

    threads = [threading.Thread(target=begin) for _ in range(100)]
    for start in range(0, 100, 10):
        for thread in threads[start : start + 10]:
            thread.start()
        for thread in threads[start : start + 10]:
            thread.join()
    assert len(ids) == 1
    rows: Any = house.change(receptions.newest, "li", 500)
    assert [one.form for one in rows if one.form == "complaint"] == ["complaint"]
    assert post(li, "/desk/reception", form="complaint")[0] == 422
    assert post(li, "/desk/reception", form="dance", number="1")[0] == 422


def test_sitting_at_a_desk_over_http(people: dict[str, Client]) -> None:
    """Credentials for one's own seat only; busy, ready, beat, rise."""
    li, wang = people["li"], people["wang"]
    status, seated = post(li, "/desk/sit", device="browser", tab="t-1")
    assert (status, seated["sip"]["password"]) == (200, f"secret-of-{seated['seat']}")
    assert post(wang, "/desk/sit", device="browser", seat=seated["seat"])[0] == 409
    assert post(li, "/desk/state", state="busy", reason="meal")[0] == 200
    assert post(li, "/desk/beat", tab="t-1") == (200, {"held": True})
    assert post(li, "/desk/state", state="ready")[0] == 200
    assert {one["to"] for one in get(wang, "/desk/places")[1]["places"]} == {seated["seat"], "service", "billing"}
    assert post(li, "/desk/rise")[0] == 200
    assert post(li, "/desk/state", state="ready")[0] == 409


def test_who_signs_out_of_the_console_rises(people: dict[str, Client], house: House) -> None:
    """The seat is free, and no call rings there."""
    gone = house.client()
    gone.sign_in("root")
    seat = post(gone, "/desk/sit", device="browser")[1]["seat"]
    assert seat in {one["to"] for one in get(people["li"], "/desk/places")[1]["places"]}
    assert gone.ask("POST", "/sign-out", {"csrf": gone.csrf("/")}).status == 303
    assert seat not in {one["to"] for one in get(people["li"], "/desk/places")[1]["places"]}


def test_the_stream_begins_with_the_whole_picture(house: House, people: dict[str, Client]) -> None:
    """Resync, then who I am and the bar; nothing for a stranger or for a tab without a name."""
    assert people[""].ask("GET", "/desk/stream?tab=t").status == 303
    assert people["li"].ask("GET", "/desk/stream?tab=").status == 400
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    cookies = "; ".join(f"{name}={value}" for name, value in people["li"].cookies.items())
    connection.request("GET", "/desk/stream?tab=t-9", headers={"Cookie": cookies})
    got = connection.getresponse()
    assert got.headers["Content-Type"] == "text/event-stream"
    text = b""
    while text.count(b"\n\n") < 4:
        text += got.read1(65_536)
    assert re.findall(rb"event: (\w+)", text)[:3] == [b"resync", b"me", b"bar"]
    me = json.loads(re.search(rb"event: me\ndata: (.*)\n", text)[1])  # type: ignore[index]
    assert (me["name"], me["holds"], me["state"]) == ("li", True, "signed_out")
    connection.close()


# --- who was recognised lately -------------------------------------------------------------------------------------


class Book:
    """A staff whose database may be away."""

    def __init__(self) -> None:
        self.away, self.person = False, Person("li", "Li", ("agent",))

    async def who(self, _token: str) -> Any:
        if self.away:
            raise LookUpFault("unavailable", "gone")
        return self.person


def test_C2_a_call_can_be_hung_up_while_the_database_is_away() -> None:
    """Whoever was recognised lately is believed on the routes that say so, for a while, and nobody else is."""
    from tests.doubles.agents import done

    now = [0.0]
    book, lately = Book(), Lately(lambda: now[0])
    assert done(lately.who(book, "t", lasting=True)) == book.person  # type: ignore[arg-type]
    book.away = True
    assert done(lately.who(book, "t", lasting=True)) == book.person  # type: ignore[arg-type]
    for token, lasting, at in (("t", False, 0.0), ("other", True, 0.0), ("t", True, LASTS_S + 1)):
        now[0] = at
        with pytest.raises(LookUpFault):
            done(lately.who(book, token, lasting=lasting))  # type: ignore[arg-type]
    book.away, book.person, now[0] = False, None, 0.0  # type: ignore[assignment]
    assert done(lately.who(book, "t", lasting=True)) is None  # type: ignore[arg-type]
    book.away = True
    with pytest.raises(LookUpFault):
        done(lately.who(book, "t", lasting=True))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-9", (0, 9)),
        ("bytes=90-", (90, 99)),
        ("bytes=90-900", (90, 99)),
        ("bytes=-5", (95, 99)),
        ("bytes=-900", (0, 99)),
        ("bytes=-0", (100, 100)),
        ("bytes=200-300", (200, 99)),
        ("", None),
        ("bytes=-", None),
        ("bytes=9-0", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=٣-٤", None),
        ("bytes=0-" + "9" * 40, None),
    ],
)
def test_I5_a_range_is_one_range_or_none(header: str, wanted: Any) -> None:
    """Of a file of a hundred bytes."""
    assert asked_range(header, 100) == wanted
