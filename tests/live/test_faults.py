"""The real service in trouble, with live calls: killed, hung, told to stop, without its sounds, under hostile input."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.calls import Call
from tests.live.exchange import Exchange
from tests.live.hearing import heard, longest_silence
from tests.live.product import Product

pytestmark = pytest.mark.live

Figure = Callable[[str, object], None]
MENU = [(1.5, "1")]  # Mandarin, then the main menu


@pytest.fixture
def agent(town: Exchange) -> Iterator[str]:
    """An agent at her telephone, who talks for a few seconds."""
    town.agent_signs_in("2001", talks_s=4.0)  # longer than what she hears first
    yield "2001"
    town.agent_signs_out("2001")


def apologies(product: Product) -> dict[str, Path]:
    """The fixed-name sounds that Asterisk plays by itself."""
    folder = product.settings.folder / "sounds" / "fallback"
    return {name: folder / f"{name}.wav" for name in ("apology-zh", "apology-en", "nobody_answered-zh")}


def no_faults(product: Product) -> list[str]:
    """Our own mistakes in the log (a crash of ours is "critical"; a broken sound file is an "error")."""
    return [line for line in product.log().splitlines() if '"level": "critical"' in line]


def in_talk(town: Exchange, count: int) -> list[Call]:
    """Calls that have chosen their language, some at a menu, some at a question."""
    deeper = [[(1.5, "1")], [(1.5, "12")], [(1.5, "131")], [(0.2, "")]]
    calls = [town.dial("10000", deeper[number % 4], stay=60) for number in range(count)]
    for call in calls:
        call.wait_answered().wait_leg(lambda leg: leg.unique)
    time.sleep(2.5)
    return calls


def to_queue(calls: list[Call], since: float, seconds: float) -> None:
    """All are in the queue "service" or with its agent, none was cut off, their result was never set."""
    for call in calls:
        leg = call.wait_leg(lambda leg: leg.events("QueueCallerJoin"), 40)
        assert leg.events("QueueCallerJoin")[0][1]["Queue"] == "service"
        assert leg.last("IVR_RESULT") == ""
        begun = [at for at, fields in leg.events("VarSet") if fields["Variable"] == "AGISTATUS"]
        assert begun[0] - since < seconds, f"went on {begun[0] - since:.2f} s after the fault"


def leave(calls: list[Call]) -> None:
    """Hang up all."""
    for call in calls:
        call.hang_up()
    for call in calls:
        call.wait_over()


def test_d1_kill_9_with_live_calls(product: Product, town: Exchange, agent: str, figure: Figure) -> None:
    """Callers go on in the dialplan within 2 s and hear the apology; the service is back within 3 s."""
    calls = in_talk(town, 8)
    pid = product.signal(signal.SIGKILL)
    killed = time.monotonic()
    product.wait_up(20, but_not=pid)
    figure("service back after kill -9", f"{time.monotonic() - killed:.1f} s")
    to_queue(calls, killed, 2.0)
    leave(calls)
    for call in calls:
        hits = heard(call.recording, apologies(product))
        assert [hit.name for hit in hits if hit.name.startswith("apology")], call.leg.variables
        first = next(hit.at for hit in hits if hit.name.startswith("apology"))
        assert call.answered_at + first - killed < 2.5
    assert not town.dial("10000", MENU, stay=1.0).wait_over(15).leg.events("QueueCallerJoin")
    town.wait_no_channels()


def test_d1_no_record_is_lost_by_kill_9(product: Product, town: Exchange) -> None:
    """Each call that was under way has its row, marked as cut, when the service is back."""
    calls = in_talk(town, 4)
    pid = product.signal(signal.SIGKILL)
    product.wait_up(20, but_not=pid)
    leave(calls)
    for call in calls:
        legs = "select disposition, ended from calls where caller = ? and flow = 'main'"
        assert product.rows(legs, call.caller) == [("", None)]


def test_d2_a_hung_service_is_killed_and_its_callers_go_on(
    product: Product, town: Exchange, agent: str, figure: Figure
) -> None:
    """SIGSTOP: the supervisor kills within its patience; nobody stays in silence, no channel leaks."""
    calls = in_talk(town, 6)
    pid = product.signal(signal.SIGSTOP)
    hung = time.monotonic()
    leaving = calls.pop()
    leaving.hang_up()
    product.wait_up(30, but_not=pid)
    to_queue(calls, hung, 10.0)
    last = max(at for call in calls for at, fields in call.leg.events("VarSet") if fields["Variable"] == "AGISTATUS")
    figure("callers go on after a hang", f"{last - hung:.1f} s")
    leave(calls)
    town.wait_no_channels()


def test_a18_missing_empty_and_broken_sounds(product: Product, town: Exchange, agent: str) -> None:
    """Deleted, cut, emptied and replaced by rubbish while calls run: never silence, the result is still right."""
    folder = product.settings.folder / "sounds"
    copy = folder.with_name("sounds-of-its-own")
    shutil.copytree(folder, copy)
    folder.unlink()
    copy.rename(folder)
    menu = list((product.piece("主菜单") | product.piece("话费") | product.piece("按")).values())
    for number, path in enumerate(menu):
        for form in (path, path.with_suffix(".ulaw"), path.with_suffix(".alaw")):
            spoil(form, number % 4)
    shutil.rmtree(product.settings.folder / "spool", ignore_errors=True)
    time.sleep(2.5)  # the store looks at its index every 2 s
    call = town.dial("10000", [(1.5, "1"), (6.0, "0")], stay=30)
    leg = call.wait_leg(lambda leg: leg.events("AgentConnect"), 30)
    call.wait_over(30)
    assert leg.last("IVR_RESULT") == "queue"
    assert longest_silence(call.recording, 0.0, 7.0)[1] < 3.0
    assert menu and product.supervisor is not None and product.supervisor.poll() is None


def spoil(path: Path, how: int) -> None:
    """Delete, cut short, empty, or fill with rubbish."""
    if how == 0:
        path.unlink()
    elif how == 1:
        os.truncate(path, max(path.stat().st_size // 3, 1))
    elif how == 2:
        os.truncate(path, 0)
    else:
        path.write_bytes(b"not a sound" * 50)


HOSTILE = [
    "1%0Aagi_callerid: 13800138000",
    "1%0A%0AHANGUP%0A200 result=1",
    "%0D%0A200 result=0 (x)%0D%0A",
    "1" * 200,
    "%22%2C%24%7BSHELL(id)%7D%26",
    "%E2%80%AE%C3%28%00%7F",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a6_a7_a9_e10_hostile_callers_numbers(product: Product, town: Exchange, value: str) -> None:
    """Whatever stands in number and name: refused to the safe route, or taken as no number; the next call is well."""
    leg = town.dial_inside("lines", value)
    taken = "select caller from calls where call = ?"
    leg.wait(lambda leg: leg.last("AGISTATUS") or product.rows(taken, leg.unique), 8)
    assert product.rows(taken, leg.unique) in ([], [("",)])
    assert [word for word in leg.variables if "SHELL" in word] == []
    town.product.cli(f"channel request hangup {leg.channel}")
    town.wait_no_channels()
    healthy = town.dial("10000", MENU, stay=1.0).wait_over(15)
    assert healthy.leg.last("IVR_KEYS") == "1"
    assert no_faults(product) == []


def test_a14_unknown_script_and_wrong_token_are_refused(product: Product, town: Exchange) -> None:
    """Both end at once, and the dialplan takes the caller on: apology, then the queue."""
    legs = [town.dial_inside("unknown"), town.dial_inside("stranger")]
    for leg in legs:
        leg.wait(lambda leg: leg.last("AGISTATUS"), 3)
    for leg in legs:
        leg.wait(lambda leg: leg.last("IVR_QUEUE") == "service", 25)
    town.product.cli("channel request hangup all")
    town.wait_no_channels()


def test_nobody_signed_in_a_call_back_is_offered_and_recorded(product: Product, town: Exchange) -> None:
    """Key 0 with no agent: the offer, key 1, and the wish is kept; the dialplan hangs up as told."""
    call = town.dial("10000", [(1.5, "1"), (1.0, "0"), (6.0, "1")], stay=30).wait_over(45)
    assert call.leg.last("IVR_RESULT") == "done"
    assert product.journal(call.caller)["disposition"] == "call_back"


def test_the_queue_ends_unserved_and_the_server_offers_a_call_back(product: Product, town: Exchange) -> None:
    """The only agent leaves while a caller waits: /after-queue answers with the flow of that name."""
    town.agent_signs_in("2001", talks_s=30.0)
    first = town.dial("10000", [(1.5, "1"), (1.0, "0")], stay=60)
    first.wait_leg(lambda leg: leg.events("AgentConnect"), 20)
    second = town.dial("10000", [(1.5, "1"), (1.0, "0")], stay=60)
    second.wait_leg(lambda leg: leg.events("QueueCallerJoin"), 20)
    town.agent_signs_out("2001")
    leave([first])
    leg = second.wait_leg(lambda leg: leg.last("IVR_UNSERVED") == "yes", 15)
    time.sleep(6.0)
    second.press("1")
    second.wait_over(30)
    assert leg.last("IVR_RESULT") == "done"
    found = "select disposition from calls where caller = ? and flow = 'after_queue'"
    leg.wait(lambda leg: product.rows(found, second.caller) == [("call_back",)], 5)


def test_d3_sigterm_lets_calls_end_and_refuses_new_ones(product: Product, town: Exchange, agent: str) -> None:
    """The call in progress still gets its menus; a new one goes to the agent by the dialplan; exit status 0."""
    assert product.supervisor is not None
    old = town.dial("10000", MENU, stay=60)
    old.wait_leg(lambda leg: leg.last("IVR_KEYS") == "1", 15)
    product.supervisor.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    new = town.dial("10000", MENU, stay=20)
    new.wait_leg(lambda leg: leg.events("AgentConnect"), 20)
    assert new.leg.last("AGISTATUS") == "FAILURE"
    assert not old.over.is_set() and old.leg.last("AGISTATUS") is None
    old.press("0")
    leg = old.wait_leg(lambda leg: leg.last("IVR_RESULT") == "queue", 10)
    assert leg.last("IVR_TRAIL_ID") == leg.unique
    leave([old, new])
    assert product.supervisor.wait(20) == 0
    assert product.journal(old.caller)["disposition"] == "enqueued"


def test_d3_calls_that_do_not_end_are_handed_to_the_dialplan(product: Product, town: Exchange, agent: str) -> None:
    """At the end of the drain the caller hears the apology and reaches an agent; exit status 0 all the same."""
    settings = product.folder / "settings.yaml"
    settings.write_text(settings.read_text() + "drain_s: 1.5\n")
    product.start()
    assert product.supervisor is not None
    call = town.dial("10000", MENU, stay=60)
    call.wait_leg(lambda leg: leg.last("IVR_KEYS") == "1", 15)
    product.supervisor.send_signal(signal.SIGTERM)
    assert product.supervisor.wait(20) == 0
    leg = call.wait_leg(lambda leg: leg.events("AgentConnect"), 25)
    assert leg.last("IVR_RESULT") == ""
    call.wait_over(10)
