"""The flow studio's parts, put together: the draft in our database, the children that check and prove, the versions."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from crm_bridge.database import Database
from ivr_server.console.studio import Studio
from ivr_server.console.studio_parts import Publishing
from ivr_server.drafting.drafts import Drafts
from ivr_server.drafting.proving import Prover
from ivr_server.drafting.recorder import Recorder
from ivr_server.publishing.opening import ground_for
from ivr_server.publishing.recorded import Recorded
from ivr_server.settings import Settings
from ivr_server.simulating.simulator import Simulator
from ivr_server.simulating.speaking import Speaker


def studio(reactor: Any, settings: Settings, database: Database, publishing: Publishing) -> Studio:
    """For the console; ``stop`` ends its children."""
    ground = ground_for(settings)
    prover = Prover(reactor, ground)
    hours = lambda: settings.hours_file().plain(settings.operator.zone)  # noqa: E731
    roots = settings.recording_folders()
    simulator = Simulator(reactor, ground, hours, Speaker(settings.speech.voices, roots))
    recorder = Recorder(reactor, Recorded(*map(Path, roots)))
    drafts = Drafts(database, publishing, prover.quick, time.time)
    return Studio(drafts, prover, publishing, simulator, recorder=recorder)
