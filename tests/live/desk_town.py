"""A whole call centre: the product with its console, its Asterisk, callers, desk telephones, and agents in browsers.

Each party makes a tone of its own (``tones``): the callers' Asterisk plays theirs, a browser's microphone is a file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from crm_bridge import demo, staff
from crm_bridge.database import Limits, engine_for
from crm_bridge.secret import Secret
from ivr_server.pbx import fetch, running
from ivr_server.pbx.plan import UDP, Ports, Trunk, from_settings, port_or_free
from ivr_server.settings import read_settings
from tests.doubles.sounds import rendered
from tests.live.calls import Call
from tests.live.exchange import Exchange
from tests.live.product import Product
from tests.live.tones import TONES, write_tone
from tests.live.words import WATCHER

PASSWORD = "correct horse battery"
SPARE = "10.77.0.1"  # an address of its own for a machine that has none but loopback
QUEUE = """
queues:
  - {name: service, title: {zh-CN: 综合服务, en-US: Service}, businesses: [consultation], languages: [zh-CN, en-US],
     skill: service, priority: 0, hours: always, ring_s: 15, wrap_up_s: 60, wait_s: 600, most_waiting: 50,
     announce_s: 45}
  - {name: billing, title: {zh-CN: 话费, en-US: Bills}, businesses: [fees, arrears], languages: [zh-CN, en-US],
     skill: billing, priority: 0, hours: always, ring_s: 15, wrap_up_s: 60, wait_s: 600, most_waiting: 50,
     announce_s: 45}
agents: []
busy_reasons:
  - {name: break, title: {zh-CN: 小休, en-US: Break}}
"""
HEARD = """async () => {
  const stream = document.getElementById("ear").srcObject;
  if (!stream?.getAudioTracks().length) return 0;
  const sound = new AudioContext({ sampleRate: 16000 });
  const ear = sound.createAnalyser();
  ear.fftSize = 4096;
  ear.smoothingTimeConstant = 0.3;
  sound.createMediaStreamSource(stream).connect(ear);
  await new Promise((go) => setTimeout(go, 700));
  const found = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(found);
  const at = found.indexOf(Math.max(...found));
  await sound.close();
  return found[at] > -70 ? Math.round((at * 16000) / 4096) : 0;
}"""
STAMPS = """
window.stamps = {};
document.addEventListener("DOMContentLoaded", () => {
  const there = {
    ringing: () => document.getElementById("call")?.dataset.phase === "ringing",
    story: () => there.ringing() && document.querySelector("#story:not([hidden]) #steps li"),
    card: () => there.ringing() && document.querySelector("#story:not([hidden]) #card_facts div"),
    form: () => there.ringing() && document.querySelector("#record_form:not([hidden]) #record_fields *"),
  };
  const look = () => {
    for (const [name, is] of Object.entries(there)) if (is()) window.stamps[name] ??= Date.now();
  };
  const all = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(look).observe(document, all);
});
"""


@dataclass
class DeskTown:
    """All of it, running."""

    product: Product
    exchange: Exchange
    tones: Path
    browsers: list[Browser] = field(default_factory=list)

    @property
    def site(self) -> str:
        """The console."""
        return f"http://127.0.0.1:{self.product.running()['web'][1]}"

    def hire(self, name: str, *roles: str) -> None:
        """Somebody of the staff."""
        url = self.product.settings.database_url()
        engine = engine_for(url, Limits()).execution_options(write=True)
        with engine.begin() as connection:
            person = staff.Person(name, name.title(), roles or ("agent",))
            staff.add_person(connection, person, Secret(PASSWORD), time.time())
        engine.dispose()

    def calls(self, caller: str = "", keys: Any = ((2.0, "2"), (1.0, "0")), **more: Any) -> Call:
        """Somebody dials, speaks English, wants a person, and makes the caller's tone from then on."""
        options: dict[str, Any] = {"says": str(self.tones / "caller"), "stay": 120, **more}
        if caller:
            options["caller"] = caller
        return self.exchange.dial("10000", keys, **options).wait_answered(20)


@dataclass
class Desk:
    """One agent's page, and what is heard in it."""

    town: DeskTown
    page: Page

    def phase(self, wanted: str, seconds: float = 20) -> None:
        """The call as the page shows it."""
        expect(self.page.locator("#call")).to_have_attribute("data-phase", wanted, timeout=seconds * 1000)

    def title(self, wanted: str, seconds: float = 20) -> None:
        """What stands over it."""
        expect(self.page.locator("#call_title")).to_have_text(wanted, timeout=seconds * 1000)

    def talks(self) -> None:
        """With the caller: answered, and the whisper is over."""
        self.title("Talking")
        expect(self.page.locator("#state_words")).to_have_text("In a call")

    def key(self, key: str) -> None:
        """A short-cut, wherever the focus is."""
        self.page.keyboard.press(f"Alt+{key}")

    def hears(self) -> str:
        """Whose tone is in the agent's ear now; "" when it is silent, else what it is in hertz."""
        hertz = self.page.evaluate(HEARD)
        return next((name for name, tone in TONES.items() if abs(tone - hertz) < 25), str(hertz) if hertz else "")

    def hears_soon(self, wanted: Callable[[str], bool], seconds: float = 12.0) -> str:
        """The same, once it is so."""
        until = time.monotonic() + seconds
        heard = self.hears()
        while not wanted(heard) and time.monotonic() < until:
            heard = self.hears()
        assert wanted(heard), heard
        return heard

    def ask(self, name: str, key: str = "Enter") -> None:
        """Ask somebody first, or hand over to them (Shift+Enter)."""
        self.page.locator("#call_title").click()
        self.page.keyboard.press("t")
        self.page.keyboard.type(name)
        expect(self.page.locator("#places_list li")).to_have_count(1)
        self.page.keyboard.press(key)

    def busy(self) -> None:
        """Not there for callers."""
        self.page.locator("#state_button").click()
        self.page.get_by_role("menuitem", name="Break").click()
        expect(self.page.locator("#state_words")).to_have_text("Break")

    def ready(self) -> None:
        """There for callers; the end of a wrap-up, too."""
        self.page.locator("#state_button").click()
        self.page.get_by_role("menuitem", name="Ready").click()

    def free(self) -> None:
        """No call, and ready for one."""
        expect(self.page.locator("#call")).to_have_attribute("data-phase", re.compile("idle|wrap_up"), timeout=20_000)
        self.ready()
        expect(self.page.locator("#state_words")).to_have_text("Ready")

    def die(self) -> None:
        """As a tab that crashes: no goodbye of any kind."""
        with contextlib.suppress(Exception):
            self.page.goto("chrome://crash", timeout=3_000)

    def figures(self) -> dict[str, float]:
        """What the connection counts."""
        found: dict[str, float] = self.page.evaluate("desk.figures()")
        return found


@contextmanager
def desk_town(installed: fetch.Installed) -> Iterator[DeskTown]:
    """Product and both Asterisks, wired; ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))
    product = _install(folder)
    wanted = from_settings(product.settings, folder / "etc")
    first = port_or_free(0, UDP) // 2 * 2
    first = first if first < 60_000 else 50_000
    ports = Ports(
        bind="127.0.0.1", sip=port_or_free(0, UDP), ami=wanted.ports.ami, http=wanted.ports.http,
        rtp_first=first, rtp_last=first + 399,
    )  # fmt: skip
    line = Trunk("line", "127.0.0.1", f"127.0.0.1:{port_or_free(0, UDP)}")
    wanted = dataclasses.replace(wanted, run=folder / "p", installed=installed, trunks=(line,), ports=ports)
    (wanted.folder / "local").mkdir(parents=True)
    (wanted.folder / "local/manager.conf").write_text(WATCHER)
    asterisk = running.start(wanted)
    try:
        exchange = Exchange(folder, asterisk, wanted)
    except BaseException:
        asterisk.stop()
        raise
    tones = folder / "tones"
    for name in TONES:
        write_tone(tones / f"{name}.wav", name)
    try:
        product.start()
        yield DeskTown(product, exchange, tones)
    finally:
        product.stop()
        exchange.close()
        shutil.rmtree(folder, ignore_errors=True)


def _install(folder: Path) -> Product:
    state = folder / "state"
    (folder / "queues.yaml").write_text(QUEUE)
    text = f"state: {state}\nagi: {{port: {port_or_free(0)}}}\nweb: {{port: {port_or_free(0)}}}\n"
    text += f"ami: {{port: {port_or_free(0)}, http_port: {port_or_free(0)}}}\nqueues: {folder / 'queues.yaml'}\n"
    text += 'floor: {seats: 3, telephones: ["2001", "2002"], dial_out: "Local/{number}@ivr-outside-box/n"}\n'
    (folder / "settings.yaml").write_text(text)
    settings = read_settings(folder / "settings.yaml")
    rendered(state)
    newest = datetime.now(ZoneInfo(settings.operator.zone)).strftime("%Y-%m")
    demo.seed(settings.database_url(), demo.Seeding(400, newest=newest))
    return Product(folder, settings)


@contextmanager
def browser(playwright: Any, tone: Path) -> Iterator[Browser]:
    """Chromium whose microphone is the tone, and which may speak with an Asterisk on this machine."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("agents are tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
        f"--use-file-for-fake-audio-capture={tone}",
        *_for_loopback(),
    ]
    made = playwright.chromium.launch(executable_path=path, args=flags)
    try:
        yield made
    finally:
        made.close()


def _for_loopback() -> list[str]:
    """Asterisk offers no loopback address for sound: a machine without any other gets one, if we may give it."""
    shown = subprocess.run(["ip", "-4", "-o", "addr"], capture_output=True, text=True, check=False).stdout
    if any(f" {word}" in shown for word in ("eth", "en", "wl", "br", "veth")):
        return []
    if SPARE not in shown and subprocess.run(["ip", "addr", "add", f"{SPARE}/32", "dev", "lo"], check=False).returncode:
        pytest.fail(
            f"sound between browser and Asterisk needs an address beside loopback: ip addr add {SPARE}/32 dev lo"
        )
    return ["--allow-loopback-in-peer-connection"]


def sit(town: DeskTown, made: Browser, name: str, telephone: str = "") -> Desk:
    """Somebody signs in, and sits down at the browser, or at a desk telephone; ready for calls."""
    context = made.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.add_init_script(STAMPS)
    context.add_init_script("localStorage.setItem('desk.devices', '{\"clean\": false}')")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{town.site}/sign-in?then=/desk")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")
    if telephone:
        page.get_by_label("At a desk telephone").check()
        page.get_by_label("Which telephone").select_option(telephone)
    page.locator("#sit_go").click()
    expect(page.locator("#state_words")).to_have_text("Ready")
    expect(page.locator("#seat_words")).to_contain_text(f"Telephone {telephone}" if telephone else "can be reached")
    return Desk(town, page)
