"""Recordings in a real browser with a made-up microphone: said, seen, heard, kept, taken back; the list of all.

With IVR_PICTURES=docs/pictures the pictures of the documents are taken on the way.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.console.conftest import House
from tests.console.test_studio_in_browser import SIZES, checked, house, opened  # noqa: F401 (fixtures)

SAID_MS = 2_400


def voice(seconds: float, rate: int = 48_000) -> bytes:
    """A WAV of somebody who hums, with pauses."""
    at = numpy.arange(int(seconds * rate)) / rate
    hum = numpy.sin(2 * numpy.pi * 220 * at) + 0.5 * numpy.sin(2 * numpy.pi * 660 * at)
    shape = 0.25 * (numpy.sin(2 * numpy.pi * 1.5 * at) > -0.6)
    kept = io.BytesIO()
    with wave.open(kept, "wb") as made:
        made.setparams((1, 2, rate, 0, "NONE", ""))
        made.writeframes((hum * shape * 20_000).astype(numpy.int16).tobytes())
    return kept.getvalue()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Debian's Chromium, whose microphone hears a file."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the pages are tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    spoken = tmp_path_factory.mktemp("microphone") / "voice.wav"
    spoken.write_bytes(voice(30))
    arguments = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    arguments.append(f"--use-file-for-fake-audio-capture={spoken}")
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def pictured(page: Page, size: str, name: str) -> None:
    """The page as the documents show it, when they ask for it."""
    if (folder := os.environ.get("IVR_PICTURES")) and size == "wide":
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        picture.save(Path(folder) / f"{name}.png", optimize=True)


def at_recordings(page: Page, name: str = "welcome") -> Any:
    """The row of a sentence in the list."""
    page.locator("#tab_recordings").click()
    page.locator("#rec_find").fill(name)
    row = page.locator(f'tr[data-prompt="{name}"]')
    expect(row).to_be_visible()
    return row


def cell(row: Any, language: str = "en-US") -> Any:
    """One language of it."""
    return row.locator(f'td[data-language="{language}"]')


def upload(page: Page, row: Any, content: bytes, language: str = "en-US") -> None:
    """A file, up to the button that keeps it."""
    if not page.locator(".recorder").count():
        cell(row, language).get_by_role("button").filter(has_text="…").click()
    page.locator("#rec_file").set_input_files({"name": "x.wav", "mimeType": "audio/wav", "buffer": content})


def test_a_sentence_is_said_into_the_microphone(opened: Any, house: House) -> None:  # noqa: F811
    """Recorded, seen as a wave, heard, kept in the draft, heard as callers do; undo gives the voice back."""
    page = opened(at="main/welcome")
    row = at_recordings(page)
    cell(row).get_by_role("button", name="Record welcome, English").click()
    dialog = page.locator(".recorder")
    expect(dialog.locator("blockquote")).to_have_text("Welcome to Tongda Telecom.")
    page.locator("#rec_begin").click()
    expect(page.locator("#rec_begin")).to_have_text("■ Stop")
    expect(dialog.locator(".rec-state")).to_have_text("Recording: 2 s")
    page.locator("#rec_begin").click()
    expect(page.locator("#rec_keep")).to_be_visible()
    expect(dialog.locator("canvas")).to_have_attribute("aria-label", _like("The sound, "))
    page.locator("#rec_listen").click()
    expect(page.locator("#studio")).to_have_attribute("data-said", _like(r"\d{4}"))
    page.locator("#rec_keep").click()
    expect(dialog).to_have_count(0)
    expect(cell(row).locator(".pill.done")).to_contain_text("Recorded, ")
    [kept] = (house.folder / "spoken").iterdir()
    assert kept.name.startswith("welcome-en-") and kept.stat().st_mode & 0o222 == 0
    with wave.open(str(kept)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        samples = numpy.frombuffer(sound.readframes(sound.getnframes()), numpy.int16)
    assert numpy.abs(samples.astype(float)).mean() > 300, "the microphone was heard"
    checked(page, 0)
    cell(row).get_by_role("button", name="Hear the recording of welcome, English").click()
    expect(page.locator("#studio")).to_have_attribute("data-said", _like(r"\d{4}"))
    cell(row).get_by_role("button", name="Take the recording of welcome back, English").click()
    expect(cell(row).locator(".pill.done")).to_have_count(0)
    assert list((house.folder / "spoken").iterdir()) == [kept], "undo may want it again"


def test_a_file_is_taken_and_words_that_change_are_noticed(opened: Any) -> None:  # noqa: F811
    """Uploaded for one language; once the words are others, the list and the panel say what the recording says."""
    page = opened(at="main/welcome")
    row = at_recordings(page)
    upload(page, row, voice(SAID_MS / 1000))
    expect(page.locator(".rec-state")).to_contain_text("2.4 seconds")
    page.locator("#rec_keep").click()
    expect(cell(row).locator(".pill.done")).to_have_text("Recorded, 2.4 s")
    sentence = page.locator('.sentence[data-prompt="welcome"]').first
    expect(sentence.locator(".rec-bar").first).to_contain_text("Recorded")
    area = sentence.locator('textarea[lang="en-US"]')
    area.fill("Good day, this is {operator}.")
    area.blur()
    checked(page, 0)
    expect(sentence.locator(".rec-bar").first).to_contain_text("The recording says: Welcome to Tongda Telecom.")
    page.locator("#tab_problems").click()
    row = at_recordings(page)
    page.locator('[data-filter="stale"]').click()
    expect(page.locator("#studio")).to_have_attribute("data-recordings", "1")
    expect(cell(row)).to_contain_text("The recording says: Welcome to Tongda Telecom.")


def test_what_is_no_recording_is_refused_with_a_sentence(opened: Any, house: House) -> None:  # noqa: F811
    """Text called .wav, silence, a file that is too large: said what to do, and nothing is kept. Amounts have none."""
    page = opened(at="main/welcome")
    row = at_recordings(page)
    alert = page.locator(".recorder [role=alert]")
    for content, words in (
        (b"hello, I am no sound" * 50, "This is no sound that can be read"),
        (voice(1.0).replace(voice(1.0)[44:], bytes(len(voice(1.0)) - 44)), "Nothing can be heard in it"),
        (bytes(17 << 20), "larger than 16 MB"),
    ):
        upload(page, row, content)
        if "16 MB" not in words:
            page.locator("#rec_keep").click()
        expect(alert).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(page.locator(".recorder")).to_have_count(0)
    row = at_recordings(page, "confirm_offered")
    expect(cell(row)).to_contain_text("Holds amounts or numbers")
    expect(cell(row).get_by_role("button")).to_have_count(0)
    assert not list(house.folder.glob("spoken/*"))


def test_a_supervisor_hears_and_changes_nothing(opened: Any) -> None:  # noqa: F811
    """No button that records."""
    page = opened("zhao", at="main/welcome")
    row = at_recordings(page)
    expect(cell(row)).to_contain_text("Welcome to")
    expect(page.locator("#recordings").get_by_role("button", name="Record welcome")).to_have_count(0)


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_how_it_looks(opened: Any, size: str, language: str) -> None:  # noqa: F811
    """Nothing sticks out of the page, in both sizes and languages."""
    page = opened(size=size, language=language, at="main/welcome")
    if size == "narrow":
        page.locator('#narrow [data-part="foot"]').click()
    row = at_recordings(page, "welcome")
    upload(page, row, voice(SAID_MS / 1000), language=language)
    expect(page.locator("#rec_keep")).to_be_visible()
    pictured(page, size, f"studio-recorder.{language}")
    page.locator("#rec_keep").click()
    expect(cell(row, language).locator(".pill.done")).to_be_visible()
    page.locator("#rec_find").fill("wel")
    page.locator('[data-filter="recorded"]').click()
    page.locator('[data-filter="all"]').click()
    page.locator("#rec_find").fill("welcome" if language == "en-US" else "欢迎")
    expect(page.locator("#toast")).to_be_hidden()
    pictured(page, size, f"studio-recordings.{language}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _like(pattern: str) -> Any:
    return re.compile(pattern)
