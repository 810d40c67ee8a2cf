"""What must be there before the first call: customers in the database, sounds in the folder. Quick when it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, select
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge import demo
from crm_bridge.database import Limits, engine_for
from crm_bridge.schema import customers
from ivr_server.library import load_catalogues
from ivr_server.publishing.rendering import standing
from ivr_server.settings import Settings
from ivr_server.whispers import whispers
from marked_yaml import Mistakes
from prompts.studio import Report, Workshop, build
from prompts.voices import SpeechChild, voices
from prompts.wording import Wording

Say = Callable[[str], None]
SOON_S = 1.0  # what is done by then needs no progress


class Progress:
    """Tells how far a long work is, at most every twentieth of it."""

    def __init__(self, what: str, say: Say) -> None:
        self._what, self._say = what, say
        self._told = 0
        self._began = time.monotonic()

    def __call__(self, done: int, of: int, words: str = "") -> None:
        """``done`` of ``of``."""
        share = 20 * done // max(of, 1)
        if share > self._told and time.monotonic() - self._began > SOON_S:
            self._told = share
            self._say(f"  {self._what}: {done:,} of {of:,}")


def seed_demo(settings: Settings, say: Say, count: int = 10_000) -> bool:
    """Fill an empty database of the embedded default with the demonstration operator; whether that was needed."""
    if settings.bridge or settings.database or has_customers(settings.database_url()):
        return False
    settings.folder.mkdir(parents=True, exist_ok=True)
    say(f"Making the demonstration operator: {count:,} customers, {demo.MONTHS} months of bills")
    today = datetime.now(ZoneInfo(settings.operator.zone))
    what = demo.Seeding(count, newest=today.strftime("%Y-%m"), days=min(today.day, 28))
    demo.seed(settings.database_url(), what, Progress("customers", say))
    return True


def has_customers(url: str) -> bool:
    """Whether the database at the URL holds any customer."""
    engine = engine_for(url, Limits())
    try:
        with engine.connect() as connection:
            return inspect(connection).has_table(customers.name) and (
                connection.execute(select(customers.c.id).limit(1)).first() is not None
            )
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()


def build_prompts(settings: Settings, say: Say) -> Report:
    """Render the folder's sounds that are missing or changed, beside those of what is published.

    SpeechFault when no engine is there.
    """
    wording, *others = _wordings(settings)
    heard = whispers(settings.queue_file(), wording.catalogues)
    chosen = {language: settings.speech.voices.get(language, "espeak") for language in wording.catalogues}
    child = SpeechChild()
    try:
        shop = Workshop(settings.sound_folders().sounds, settings.recording_folders(), Progress("prompts", say), heard)
        return build(wording, voices(chosen, child), shop, tuple(others))
    finally:
        child.close()


def _wordings(settings: Settings) -> list[Wording]:
    """The folder's words, and those of what is published; these alone where the folder cannot be read."""
    published = standing(settings)
    try:
        own = Wording(load_catalogues(Path(settings.speech.library)), settings.operator.currency)
    except (Mistakes, OSError):
        if not published:
            raise
        return list(published)
    return [own, *published]
