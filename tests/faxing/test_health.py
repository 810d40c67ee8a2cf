"""What the health says of faxes: that they can be sent, or why not, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_server import fax_wiring
from ivr_server.console.parts import HealthPart
from ivr_server.fax_wiring import Faxes, Surroundings
from ivr_server.metrics import Metrics
from tests.faxing.office import Office


def told(faxes: Faxes) -> HealthPart:
    """Its health now."""
    return faxes.health()


def test_faxes_are_well_or_it_is_said_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not there, well, a full disk, a right that is missing, Asterisk away: each in English and in Chinese."""
    office = Office(tmp_path)
    around = Surroundings(office.clock, office.settings, office.table, Metrics(), office.stage.ami)  # type: ignore[arg-type]
    faxes = Faxes(around, office.billing)
    assert told(faxes) == HealthPart("fax", "unknown")
    faxes.start()
    office.go(2.0)
    assert told(faxes) == HealthPart("fax", "ok", "0")
    with monkeypatch.context() as full:
        full.setattr("ivr_server.faxing.spool.SPARE", 1 << 62)
        assert told(faxes) == HealthPart("fax", "bad", "the disk has no room for faxes", fax_wiring.WAITS)
    with monkeypatch.context() as poor:
        poor.setattr(fax_wiring, "NEEDS", ("Originate", "SendMoney"))
        part = told(faxes)
        assert "SendMoney" in part.words and part.chinese == fax_wiring.CANNOT
    office.asterisk.down = True
    office.asterisk.cut()
    office.go(2.0)
    part = told(faxes)
    assert part.state == "bad" and "manager interface" in part.words and "管理接口" in part.chinese
    ending = office.stage.begin(faxes.stop())
    office.go(6.0)
    assert ending.done
