"""The product with flows and prompts of its own, to be edited: in a browser, by HTTP, under live calls."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

import yaml

from ivr_server.library import HOUSE
from ivr_server.pbx import fetch
from ivr_server.settings import Settings, read_settings, token
from tests.console.conftest import Client, House
from tests.live.calls import Call
from tests.live.exchange import Exchange, Keys, exchange
from tests.live.hearing import heard, names
from tests.live.product import PATIENCE_S, Product, install

IN_ENGLISH: Keys = ((2.0, "2"),)
MENU_S = 11.0  # from that key until the second option of the main menu has been spoken, on a busy machine too


@dataclass
class StudioTown:
    """All of it, running."""

    product: Product
    exchange: Exchange

    @property
    def house(self) -> House:
        """The console."""
        return House(self.product.running()["web"][1], self.product.settings.folder)

    def calls(self, stay: float = MENU_S) -> Call:
        """Somebody chooses English and listens to the main menu."""
        return self.exchange.dial("10000", IN_ENGLISH, stay=stay)

    def heard(self, call: Call, *sentences: str) -> list[str]:
        """Which of the sentences were in the caller's ear, in order; a comma is spoken after each."""
        known = {each: path for each in sentences for path in self.product.piece(f"{each},").values()}
        return names(heard(call.recording, known))

    def folder_words(self, prompt: str) -> dict[str, str]:
        """A sentence as it stands in the folder of YAML: file -> words."""
        files = (self.product.folder / "prompts").glob("*.yaml")
        return {f"prompts/{one.name}": yaml.safe_load(one.read_text("utf-8"))["prompts"][prompt] for one in files}

    def version(self, call: Call) -> int:
        """The one that the journal names for a call."""
        return int(str(self.product.journal(call.caller)["version"]).partition("-")[0])


@dataclass
class Admin:
    """Somebody who edits and publishes without a browser."""

    client: Client
    csrf: str

    @classmethod
    def at(cls, town: StudioTown, name: str) -> Admin:
        """Signed in."""
        client = Client(town.house.port, patience_s=60)
        assert client.sign_in(name).status == 303
        return cls(client, client.csrf("/calls"))

    def get(self, path: str) -> Any:
        """What the studio is asked."""
        got = self.client.ask("GET", f"/studio/{path}")
        assert got.status == 200, got.text
        return json.loads(got.text)

    def post(self, path: str, **form: object) -> Any:
        """What it is told; None when the service was not there to answer. A refusal fails the test."""
        sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in form.items()}
        try:
            got = self.client.ask("POST", f"/studio/{path}", {"csrf": self.csrf, **sent})
        except (OSError, HTTPException):
            return None
        assert got.status == 200, got.text
        return json.loads(got.text)

    def words(self, prompt: str, words: Mapping[str, str]) -> None:
        """A sentence of the draft is worded anew, in each language."""
        edits = {file: [{"do": "set", "path": ["prompts", prompt], "value": text}] for file, text in words.items()}
        versions = {one["file"]: one["version"] for one in self.get("state")["files"]}
        changes = [{"file": file, "version": versions[file], "edits": made} for file, made in edits.items()]
        assert self.post("edit", changes=changes, what="other words")

    def publishing(self) -> Callable[[], Any]:
        """The draft as it is now, to be published when this is called."""
        return partial(self.post, "publish", digest=self.get("state")["digest"], reason="other words")


@contextmanager
def studio_town(installed: fetch.Installed) -> Iterator[StudioTown]:
    """A fresh installation on copies of the shipped flows, prompts and sounds; ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-studio-"))
    product = install(folder, PATIENCE_S)
    try:
        product.settings = _own(product)
        product.start()
        sounds = Path(product.settings.sound_folders().sounds)
        with exchange(installed, sounds, product.settings.agi.port or 0, token(product.settings)) as switch:
            yield StudioTown(product, switch)
    finally:
        product.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _own(product: Product) -> Settings:
    """Nothing that is published here reaches the checkout, or the sounds of other tests."""
    folder = product.folder
    shutil.copytree(HOUSE / "flows" / "library", folder / "flows")
    shutil.copytree(HOUSE / "prompts" / "library", folder / "prompts")
    sounds = product.settings.folder / "sounds"
    shared = sounds.resolve()
    sounds.unlink()
    shutil.copytree(shared, sounds)
    with (folder / "settings.yaml").open("a") as more:
        more.write(f"flows: {folder / 'flows'}\nspeech: {{library: {folder / 'prompts'}}}\n")
    return read_settings(folder / "settings.yaml")
