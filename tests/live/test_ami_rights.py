"""What the manager user may do, found out on both real Asterisks that are supported (FAULTS B13)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import pytest_twisted

from ivr_server.ami.client import Ami
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.wire import Message, variable
from ivr_server.pbx import fetch
from tests.live.manager_pbx import OWN, TOO_MANY, Pbx, clients, live, manager_pbx, until


@pytest.fixture(scope="module", params=["newest", "oldest"])
def pbx(request: pytest.FixtureRequest) -> Iterator[Pbx]:
    """Asterisk, of the newest version and of the oldest that is supported."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "oldest" and not fetch._is_ubuntu(fetch._release()):  # Ubuntu has no Debian mirror
            patch.setenv(fetch.SUITE, "bullseye")
        installed = fetch.find(print)
    with manager_pbx(installed) as made:
        yield made


Opening = Callable[..., Ami]


@pytest.fixture
def opened(pbx: Pbx) -> Iterator[Opening]:
    """Makes clients of the real Asterisk, to be started; stops them afterwards."""
    with clients(pbx) as opening:
        yield opening


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B13_the_generated_user_is_taken_with_everything_tested(opened: Opening, pbx: Pbx) -> None:
    """[ivr] as the template writes it: live, no alert, and all that the fax needs works."""
    text = (pbx.asterisk.folder / "ivr/manager.conf").read_text()
    assert {line: re.search(rf"^{line} = (.*)$", text, re.M)[1] for line in OWN} == OWN  # type: ignore[index]
    ami = await live(opened("ivr", "ivr-secret"))
    assert ami.condition().alerts == ()
    assert (await ami.action("Ping")).get("Ping") == "Pong"
    heard: list[Message] = []
    ami.listen("OriginateResponse", heard.append)
    word = variable("__WORD", 'a,b"(c')
    fields = (("Channel", "Local/waits@tests/n"), ("ChannelId", "own-1"), ("OtherChannelId", "own-2"), word)
    queued = await ami.action("Originate", fields, Context="tests", Exten="waits", Priority="1", Async="true")
    await until(lambda: bool(heard), "OriginateResponse")
    assert heard[0].get("ActionID") == queued.get("ActionID") and heard[0].get("Response") == "Success"
    assert {"own-1", "own-2"} <= {one.get("Uniqueid") for one in await ami.listed("CoreShowChannels")}
    got = await ami.action("Getvar", Channel=heard[0].get("Channel"), Variable="WORD")
    assert got.get("Value") == 'a,b"(c'
    assert await ami.listed("FAXSessions") == []
    with pytest.raises(AmiFault, match="Session not found"):
        await ami.followed("FAXSession", SessionNumber="77")
    assert (await ami.followed("FAXStats")).get("CurrentSessions") == "0"
    assert len(await ami.listed("QueueStatus")) > 0 and len(await ami.listed("QueueSummary")) > 0
    assert (await ami.action("Hangup", Channel="own-1")).get("Message") == "Channel Hungup"


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B13_each_right_too_many_is_found_out_and_refused(opened: Opening) -> None:
    """A user for each: refused, with the class and the line in the sentence."""
    clients = {(line, right): opened(f"{line}-{right}") for line, right in TOO_MANY}
    for ami in clients.values():
        ami.start()
    for (line, right), ami in clients.items():
        await until(lambda ami=ami: ami.state in ("refused", "live"), f"{line} {right}")
        assert ami.state == "refused" and ami.condition().trouble == "rights", (line, right, ami.condition())
        shown = "system" if right == "all" else right
        assert re.search(rf"\[{line}-{right}\].*{line} = [a-z, ]*{shown}", ami.condition().text), ami.condition()


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B13_the_template_gives_no_right_that_is_not_needed(opened: Opening) -> None:
    """Each class of write taken away leaves an action out that the product needs."""
    actions = {"call": "FAXSession", "reporting": "CoreShowChannels", "originate": "Originate", "agent": "QueueAdd"}
    for right, action in actions.items():
        ami = opened(f"no-{right}")
        ami.start()
        await until(lambda ami=ami: ami.state in ("refused", "live"), right)
        assert ami.condition().trouble == "needs" and action in ami.condition().text
