"""What a start gives to callers: the folder taken in, the version that is published, the last good one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr_server.loading import Mistaken
from ivr_server.publishing.deeds import Deed
from ivr_server.publishing.opening import House, Opened, house, opened
from ivr_server.publishing.versions import Version
from ivr_server.settings import Settings, Speech
from tests.publishing.small import MAIN, files, laid


@dataclass
class Place:
    """A state folder beside a folder of YAML."""

    settings: Settings
    house: House

    def start(self) -> Opened:
        """As the service does it."""
        return opened(self.settings, lambda line: None)

    def hand(self, name: str, text: str) -> None:
        """Somebody edits a file."""
        Path(self.house.folder.path(name)).write_text(text, encoding="utf-8")

    def studio(self, published: int, **other: str) -> int:
        """Somebody publishes elsewhere; the folder is not written."""
        version = Version(author="ann", reason="why", at=1.0, source="studio")
        deed = Deed(0, 1.0, "ann", "publish", 0)
        return self.house.versions.publish(files(**other), version, published, deed).number


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """With the small flows in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    flows, prompts = laid(tmp_path / "git", files())
    settings = Settings(state=str(tmp_path / "state"), flows=str(flows), speech=Speech(library=str(prompts)))
    return Place(settings, house(settings))


def test_the_first_start_takes_the_folder_in(place: Place) -> None:
    """As version 1; a second start finds nothing to do; calls name the version in the journal."""
    first, again = place.start(), place.start()
    assert (first.version.number, first.version.source, again.version.number) == (1, "folder", 1)
    assert first.words.library.version == first.version.tag and not again.troubles
    assert [deed.what for deed in place.house.versions.deeds.all()] == ["take_in"]


def test_a_folder_that_was_changed_becomes_the_next_version(place: Place) -> None:
    """Edit a file, start again: the words are new."""
    place.start()
    place.hand("prompts/en-US.yaml", files(welcome="Good day.")["prompts/en-US.yaml"])
    second = place.start()
    assert second.version.number == 2 and second.version.parent == 1
    assert second.words.catalogues["en-US"].prompts["welcome"].parts == ("Good day.",)


def test_a_folder_with_problems_stops_the_first_start_only(place: Place) -> None:
    """Before anything is published it is refused with file, line and column; afterwards the last good one goes on."""
    broken = MAIN.replace("to: shop", "to: nowhere")
    place.hand("flows/main.yaml", broken)
    with pytest.raises(Mistaken, match=r"git/flows/main.yaml:13:\d+"):
        place.start()
    place.hand("flows/main.yaml", MAIN)
    place.start()
    place.hand("flows/main.yaml", broken)
    kept = place.start()
    assert kept.version.number == 1 and "version 1 stays" in kept.troubles[0] and "nowhere" in kept.troubles[0]


def test_flows_in_which_callers_get_lost_stay_out(place: Place) -> None:
    """They read well; only the walk finds that what is said is not known on every way."""
    place.start()
    place.hand("flows/main.yaml", MAIN.replace("say: [shop_hours]", "say: [you_owe]"))
    kept = place.start()
    assert kept.version.number == 1 and "lost" in kept.troubles[0]


def test_what_was_published_elsewhere_is_not_lost_to_a_folder_changed_by_hand(place: Place) -> None:
    """Both changed: the published version goes on, the folder stays as it is, and it is said."""
    place.start()
    place.studio(1, welcome="From the studio.")
    place.hand("prompts/en-US.yaml", files(welcome="By hand.")["prompts/en-US.yaml"])
    kept = place.start()
    assert kept.version.number == 2 and kept.seen.state == "conflict" and "changed by hand" in kept.troubles[0]


def test_a_folder_that_could_not_be_written_through_is_not_taken_for_a_change(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder holds version 1 still, and nobody touched it: version 2 goes on."""
    place.start()
    place.studio(1, welcome="From the studio.")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    kept = place.start()
    assert kept.version.number == 2 and not kept.troubles and kept.seen.state == "read_only"


def test_G6_a_kill_between_going_live_and_the_folder_is_made_good_at_the_next_start(place: Place) -> None:
    """Version 2 is published, and the folder did not begin to be written: it holds it after the start."""
    place.start()
    place.studio(1, welcome="From the studio.")
    kept = place.start()
    assert kept.version.number == 2 and not kept.troubles and kept.seen.state == "same"
    assert place.house.folder.read() == place.house.versions.files(2)


def test_G1_a_damaged_version_gives_way_to_the_last_good_one(place: Place) -> None:
    """Callers are answered; the sentence says what happened."""
    place.start()
    place.studio(1, welcome="From the studio.")
    path = place.house.versions.folder / "000002" / "flows" / "main.yaml"
    path.chmod(0o644)
    path.write_text(MAIN[:300])
    kept = place.start()
    assert kept.version.number == 1 and "version 2 was changed after it was published" in kept.troubles[-1]


def test_where_no_version_can_be_used_the_folder_is_taken_in(place: Place) -> None:
    """The only version is damaged, the folder is whole."""
    place.start()
    about = place.house.versions.folder / "000001" / "version.json"
    about.chmod(0o644)
    about.write_text("{")
    assert place.start().version.number == 2


def test_numbers_must_lead_to_a_flow_of_the_version(place: Place) -> None:
    """The settings' numbers stand on what is published."""
    settings = Settings(
        state=place.settings.state, flows=place.settings.flows, speech=place.settings.speech, numbers={"10086": "bill"}
    )
    with pytest.raises(Mistaken, match='numbers lead to "bill"'):
        opened(settings, lambda line: None)


def test_a_rule_that_came_later_takes_no_live_version_from_callers(place: Place) -> None:
    """Key 0 that asks for a key is refused of what is new; what was published before goes on, and that is said."""
    place.start()
    asks = '  which: {kind: menu, say: [menu], options: {"1": {say: option_shop, to: to_human}}, tail: [human_key]}\n'
    before = MAIN.replace("human: to_human", "human: which") + asks
    made = {**files(), "flows/main.yaml": before}
    version = Version(author="ann", reason="why", at=1.0, source="studio")
    number = place.house.versions.publish(made, version, 1, Deed(0, 1.0, "ann", "publish", 0)).number
    found = place.start()
    assert found.version.number == number
    assert any("goes on, but the next needs this mended" in one and "key 0" in one for one in found.troubles)
    place.hand("flows/main.yaml", before + "# touched\n")
    assert place.start().version.number == number
