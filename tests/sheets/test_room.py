"""Queues and forms taken by a service that runs: what forbids a change, what it does, and changes made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from flows.flow import Library
from flows.reading import read_folder
from ivr_server.agents import forms
from ivr_server.agents.asked import Sitting
from ivr_server.floor import queue_file
from ivr_server.floor.call_backs import Queues
from ivr_server.floor.picture import QueueNow, Waiting
from ivr_server.publishing import files as disk
from ivr_server.publishing.asked import Author, Refusal
from ivr_server.settings import Settings
from ivr_server.sheet_wiring import Around, FormsKind, QueuesKind
from ivr_server.sheets.asked import Moved, NotKept, Said
from ivr_server.sheets.room import LOOK_S, SheetRoom
from ivr_server.sheets.sheet import Sheet
from marked_yaml import Mistakes
from tests.agents.conftest import LI
from tests.doubles.agents import Office, StraightStore, done
from tests.flows.test_queues import FLOW, world

BY = (Author("ann", "en-US", "10.0.0.9"), "for the rush hour")
QUEUES = queue_file.SHIPPED.read_text("utf-8")
FORMS = forms.SHIPPED.read_text("utf-8")
VIP = QUEUES.replace(
    "# Skills of people",
    "  - {name: vip, title: {zh-CN: 贵宾, en-US: VIP}, businesses: [roaming]}\n\n# Skills of people",
)
LATER = QUEUES.replace("wait_s: 1800 ", "wait_s: 600 ")
NO_BILLING = QUEUES.replace("name: billing", "name: bills").replace("skill: billing", "skill: bills")


class Renewals:
    """An Asterisk that runs beside the service; ``why`` it does not take the queues."""

    def __init__(self) -> None:
        self.ours, self.why, self.asked = True, "", 0

    async def ask(self) -> str:
        """One wish."""
        self.asked += 1
        return self.why


class CallBacksDouble:
    """What is used of the worker."""

    def __init__(self) -> None:
        self.rows: dict[int, Any] = {}
        self.queues = Queues({}, {})


class Town:
    """The room with both sheets on an office of agents."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(f"sqlite:///{folder / 'ivr.db'}")
        self.settings = Settings(state=str(folder / "state"))
        self.library: Library = read_folder({"main.yaml": FLOW.lstrip()}, world())
        self.renewals, self.call_backs = Renewals(), CallBacksDouble()
        self.led: list[frozenset[str]] = []
        self.announced: dict[str, float] = {}
        self.spoken, self.dumb = 0, False
        self.store: StraightStore = self.office.store
        self.around: Any = None
        self.room = self.begin()

    def begin(self) -> SheetRoom:
        """As a start of the service makes it."""
        self.office.floor.announce = self.announced.update  # type: ignore[attr-defined]
        parts: Any = {"floor": self.office.floor, "call_backs": self.call_backs, "agents": self.office.room}
        self.around = Around(
            settings=self.settings,
            library=lambda: self.library,
            lead=self.led.append,
            renewal=self.renewals,  # type: ignore[arg-type]
            asterisk=True,
            speak=self._speak,
            **parts,
        )

        async def at_once(work: Any, *arguments: Any) -> Any:
            return work(*arguments)

        room = SheetRoom(at_once, self.store, self.office.clock)
        where: Any = self.settings.sheet
        queues = Sheet(lambda: where("queues"), self.office.now)
        room.add("queues", queues, QueuesKind(self.around), self.settings.queue_file())
        room.add(
            "forms",
            Sheet(lambda: where("forms"), self.office.now),
            FormsKind(self.around),
            forms.kept(str(forms.SHIPPED)),
        )
        room.start()
        return room

    async def _speak(self) -> None:
        self.spoken += 1
        if self.dumb:
            raise Refusal("sounds", 503)

    def keep(self, name: str, text: str) -> list[str]:
        """What was done, by the words' keys."""
        seen = done(self.room.held(name)).digest
        return [one.key for one in done(self.room.keep(name, text, seen, BY))[1]]

    def forbidden(self, text: str) -> list[Said]:
        """Why these queues are not kept."""
        with pytest.raises(NotKept) as raised:
            self.keep("queues", text)
        return list(raised.value.refused)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A room that looks at its files."""
    town = Town(tmp_path)
    yield town
    town.room.stop()


def test_other_queues_hold_at_once_and_asterisk_is_told_where_it_must_be(town: Town) -> None:
    """Whoever asks the settings has them, the waits of call-backs and the announcements are theirs."""
    assert town.keep("queues", LATER) == ["queues_asterisk_taken"]
    assert town.settings.queue_file().queue("service").wait_s == 600  # type: ignore[union-attr]
    assert town.office.house.queues is town.settings.queue_file()
    assert town.call_backs.queues.waits == {"service": 600, "billing": 1800}
    assert town.announced == {"service": 45.0, "billing": 45.0}
    assert (town.renewals.asked, town.spoken, town.led) == (1, 0, [])
    assert town.keep("queues", LATER.replace("wrap_up_s: 20 ", "wrap_up_s: 90 ")) == []
    assert town.renewals.asked == 1


def test_a_new_queue_is_led_to_spoken_and_gets_its_members(town: Town) -> None:
    """Who sits and may take its calls is in it a second later."""
    town.office.open(LI, "tab-1")
    done(town.office.room.sit(LI, Sitting("browser", tab="tab-1")))
    assert town.keep("queues", VIP) == ["queues_asterisk_taken", "queues_whispers"]
    town.office.clock.advance(1)
    assert "vip" in town.office.floor.picture.members("PJSIP/1001")
    assert town.led == [frozenset({"service", "billing", "vip"})]
    assert town.spoken == 1


def test_an_asterisk_that_is_not_ours_is_told_by_people(town: Town) -> None:
    """And one that fails, or a voice that does, is said; the service has the queues all the same."""
    town.renewals.ours = False
    assert [one.key for one in done(town.room.weigh("queues", VIP)).effects][-1] == "queues_asterisk_theirs"
    assert town.keep("queues", VIP)[0] == "queues_asterisk_theirs"
    assert town.renewals.asked == 0
    town.renewals.ours, town.renewals.why, town.dumb = True, "no room", True
    assert town.keep("queues", QUEUES.replace("en-US: Billing", "en-US: Bills")) == [
        "queues_asterisk_not_taken",
        "queues_whispers_wrong",
    ]
    assert town.settings.queue_file().queue("vip") is None


def test_a_queue_that_a_flow_names_does_not_go_away(town: Town) -> None:
    """The flow, its node and the queue are told; nothing is written, nothing else is changed."""
    assert town.forbidden(NO_BILLING) == [
        Said("queues_flow_names", {"flow": "main", "node": "choose", "queue": "billing"})
    ]
    assert done(town.room.held("queues")).how == "found"
    assert town.settings.queue_file().names == ("service", "billing")


def test_a_queue_with_callers_or_kept_places_does_not_go_away(town: Town) -> None:
    """Until it is empty."""
    town.library = replace(town.library, flows={})
    callers = (Waiting("1.1", "13800138000", "", 1, 0.0), Waiting("1.2", "13800138001", "", 2, 0.0))
    town.office.floor.set_queue(QueueNow("billing", callers))
    assert town.forbidden(NO_BILLING) == [Said("queues_inside", {"n": 2, "queue": "billing"})]
    town.office.floor.set_queue(QueueNow("billing", ()))

    class Row:
        queue = "billing"

    town.call_backs.rows = {7: Row()}
    assert town.forbidden(NO_BILLING) == [Said("queues_kept_places", {"n": 1, "queue": "billing"})]
    town.call_backs.rows = {}
    town.keep("queues", NO_BILLING)
    assert town.settings.queue_file().names == ("service", "bills")


def test_forms_hold_at_once_and_lost_fields_are_told_before(town: Town) -> None:
    """Nothing forbids it."""
    less = FORMS.replace(
        "      - name: place\n        label: {zh-CN: 故障地点, en-US: Where}\n        kind: text\n", ""
    )
    weight = done(town.room.weigh("forms", less))
    assert weight.refused == ()
    assert weight.effects[0] == Said("forms_field_gone", {"form": "fault", "field": "place"})
    town.keep("forms", less)
    assert "place" not in [one.name for one in town.office.house.forms.form("fault").fields]  # type: ignore[union-attr]


def test_two_admins_do_not_overwrite_each_other(town: Town) -> None:
    """Who comes second is told what is there now."""
    seen = done(town.room.held("queues")).digest
    town.keep("queues", LATER)
    with pytest.raises(Moved) as raised:
        done(town.room.keep("queues", VIP, seen, BY))
    assert raised.value.now.who == "ann"


def test_a_file_that_is_changed_by_hand_is_taken_when_it_is_sound(town: Town) -> None:
    """One with a problem, or that takes away what is in use, is not: what holds goes on, and health says why."""
    town.keep("queues", LATER)
    file = town.settings.sheet("queues").file
    file.write_text(LATER.replace("wait_s: 600 ", "wait_s: 700 "))
    town.office.clock.advance(LOOK_S)
    assert town.settings.queue_file().queue("service").wait_s == 700  # type: ignore[union-attr]
    file.write_text("queues: [\n")
    town.office.clock.advance(LOOK_S)
    assert "queues: the file was changed by hand and has problems: queues:2:1" in town.room.troubles[0]
    file.write_text(NO_BILLING)
    town.office.clock.advance(LOOK_S)
    assert "queues_flow_names flow=main" in town.room.troubles[0]
    assert town.settings.queue_file().queue("service").wait_s == 700  # type: ignore[union-attr]
    file.write_text(LATER)
    town.office.clock.advance(LOOK_S)
    assert town.room.troubles == ()
    assert [one.how for one in done(town.room.copies("queues"))][:2] == ["by_hand", "by_hand"]


def test_who_kept_what_is_a_chain_in_the_database(town: Town) -> None:
    """Rows wait on disk while it is away; a row that is altered breaks the chain."""
    town.store.away = True
    town.keep("queues", LATER)
    town.store.away = False
    assert (done(town.room.verdict("queues")).rows, done(town.room.verdict("queues")).broken) == (2, 0)
    with town.store.engine.execution_options(write=True).begin() as connection:
        connection.exec_driver_sql("update flow_audit set who = 'nobody' where number = 2")
    assert done(town.room.broken("queues")) == 2
    town.store.away = True
    assert done(town.room.broken("queues")) == 0


def test_what_has_problems_is_never_kept(town: Town) -> None:
    """Whoever asks for it."""
    with pytest.raises(Mistakes):
        town.keep("queues", "queues: []\n")


def test_a_disk_that_does_not_take_it_changes_nothing(town: Town) -> None:
    """The sentence says why; what holds goes on."""
    seen = done(town.room.held("queues")).digest
    full = mock.patch.object(disk, "replace", side_effect=OSError(28, "No space left on device"))
    with full, pytest.raises(NotKept) as raised:
        done(town.room.keep("queues", LATER, seen, BY))
    assert raised.value.refused == (Said("sheet_disk", {"why": "No space left on device"}),)
    assert town.settings.queue_file().queue("service").wait_s == 1800  # type: ignore[union-attr]
