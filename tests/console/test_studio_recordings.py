"""Recordings by hand-made requests: who may, what comes, which names are meant; the draft names what is kept (G4)."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ivr_server.console.channel import LARGEST_BODY
from prompts import audio, recordings
from prompts.incoming import LARGEST
from tests.console.conftest import Client, House
from tests.console.test_studio_in_browser import house  # noqa: F401
from tests.prompts.test_incoming import written

WORDS = "prompts/en-US.yaml"
SPOKEN = written("MP3")


class Said(NamedTuple):
    """An answer."""

    status: int
    body: bytes

    @property
    def told(self) -> Any:
        """As JSON."""
        return json.loads(self.body)


def send(client: Client, query: dict[str, str], content: bytes = SPOKEN, csrf: str | None = None) -> Said:
    """A sound as a page sends it."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    headers = {"Host": client.host, "Origin": f"http://{client.host}", "Cookie": cookie}
    headers |= {"X-CSRF": client.csrf("/wishes") if csrf is None else csrf, "Content-Type": "application/octet-stream"}
    try:
        connection.request("POST", f"/studio/recordings?{urlencode(query)}", content, headers)
        got = connection.getresponse()
        return Said(got.status, got.read())
    except (BrokenPipeError, ConnectionResetError):
        return Said(413, b"{}")  # refused before all of it was sent
    finally:
        connection.close()


def signed_in(house: House, who: str = "li") -> Client:  # noqa: F811
    """Somebody at a browser."""
    client = house.client()
    client.sign_in(who)
    return client


def listed(client: Client) -> Any:
    """The sentences."""
    return json.loads(client.ask("GET", "/studio/recordings").text)["prompts"]["en-US"]


WELCOME = {"prompt": "welcome", "language": "en-US"}


def test_a_recording_is_a_change_of_the_draft(house: House) -> None:  # noqa: F811
    """Named by its content with the words that it says; undone and done again; the file stays; taken back."""
    client = signed_in(house)
    told = send(client, WELCOME).told
    assert told["files"] == [WORDS] and 1_300 < told["ms"] < 1_700 and not told["clipped"]
    row = listed(client)["welcome"]
    assert row["says"] == row["text"] == "Welcome to Tongda Telecom." and not row["stale"] and row["ms"] > 1_400
    content = (house.folder / "spoken" / row["file"].removeprefix(recordings.FOLDER)).read_bytes()
    assert recordings.digest_in(row["file"]) == recordings.digest(content)
    text = json.loads(client.ask("GET", f"/studio/files/{WORDS}").text)["text"]
    assert [line for line in text.splitlines() if "# --- opening" in line], "comments stay"
    assert "{operator}" in text.partition("  welcome:")[2].partition("this_language")[0], "and the text with its words"
    files = client.ask("GET", f"/studio/files/{WORDS}")
    form = {"csrf": client.csrf("/wishes"), "file": WORDS, "version": str(json.loads(files.text)["version"])}
    assert client.ask("POST", "/studio/undo", form).status == 200 and listed(client)["welcome"]["file"] == ""
    form["version"] = str(json.loads(client.ask("GET", f"/studio/files/{WORDS}").text)["version"])
    assert client.ask("POST", "/studio/undo", {**form, "forward": "yes"}).status == 200
    assert listed(client)["welcome"]["file"] == row["file"]
    assert send(client, WELCOME, written("FLAC")).status == 200, "another one takes its place"
    assert client.ask("POST", "/studio/recordings/none", {"csrf": form["csrf"], **WELCOME}).status == 200
    assert listed(client)["welcome"]["file"] == "" and listed(client)["welcome"]["raw"] == "Welcome to {operator}."
    assert client.ask("POST", "/studio/recordings/none", {"csrf": form["csrf"], **WELCOME}).status == 422


def test_administrators_record_supervisors_hear_agents_neither(house: House) -> None:  # noqa: F811
    """The matrix, with a forged form; a recording is heard as callers hear it."""
    admin, supervisor, agent = (signed_in(house, who) for who in ("li", "zhao", "sun"))
    assert [send(one, WELCOME).status for one in (admin, supervisor, agent)] == [200, 403, 403]
    assert send(admin, WELCOME, csrf="no").status == 403
    path = listed(admin)["welcome"]["file"]
    asked = f"/studio/recordings/sound?{urlencode({'file': path})}"
    assert [one.ask("GET", asked).status for one in (admin, supervisor, agent)] == [200, 200, 403]
    connection = http.client.HTTPConnection("127.0.0.1", admin.port, timeout=30)
    cookie = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    connection.request("GET", asked, headers={"Host": admin.host, "Cookie": cookie})
    heard = audio.read_wav(connection.getresponse().read())
    connection.close()
    assert heard.rate == audio.RATE and heard.ms > 1_300


NAMES: tuple[tuple[dict[str, str], int], ...] = (
    ({"prompt": "welcome", "language": "../en-US"}, 404),
    ({"prompt": "welcome", "language": "fr-FR"}, 404),
    ({"prompt": "welcome"}, 404),
    ({"prompt": "../welcome", "language": "en-US"}, 404),
    ({"prompt": "welcome\0", "language": "en-US"}, 404),
    ({"prompt": "w" * 300, "language": "en-US"}, 404),
    ({"prompt": "ｗelcome", "language": "en-US"}, 404),
    ({"prompt": "confirm_offered", "language": "en-US"}, 422),
)


def test_G4_only_a_sentence_of_the_draft_is_meant(house: House) -> None:  # noqa: F811
    """No name of a visitor's touches a disk; a sentence with amounts is refused; nothing is kept."""
    client = signed_in(house)
    for query, status in NAMES:
        said = send(client, query)
        assert said.status == status and said.told["text"] != said.told["why"], query
    assert not list(house.folder.glob("spoken/*"))


def test_G4_no_path_leads_out_of_the_recordings(house: House) -> None:  # noqa: F811
    """What is heard lies there, or is not there."""
    client = signed_in(house)
    secret = house.folder / "secret.wav"
    secret.write_bytes(SPOKEN)
    (house.folder / "spoken").mkdir(exist_ok=True)
    (house.folder / "spoken" / "link.wav").symlink_to(secret)
    for path in (
        "../secret.wav",
        "recordings/../secret.wav",
        str(secret),
        "recordings/link.wav",
        "",
        "recordings/",
        "a\0b",
    ):
        assert client.ask("GET", f"/studio/recordings/sound?{urlencode({'file': path})}").status == 404, path


def test_what_comes_is_looked_at_and_not_believed(house: House) -> None:  # noqa: F811
    """By content, whatever it says it is; what was sent is gone afterwards, and the next one is taken."""
    client = signed_in(house)
    bad = {b"": 422, b"hello" * 9: 422, b"RIFF" + bytes(9_000): 422, SPOKEN[:9]: 422, b"OggS" + bytes(70_000): 422}
    for content, status in bad.items():
        assert send(client, WELCOME, content).status == status
    assert send(client, WELCOME).status == 200
    assert not list(house.folder.glob("spoken/.coming-*")), "nothing that was sent is left"


def test_I8_long_bodies_come_from_administrators_alone(house: House) -> None:  # noqa: F811
    """100 MB never; 16 MB from who may record; over 64 KiB from nobody else."""
    admin, agent = signed_in(house), signed_in(house, "sun")
    long = written("WAV", samples=None, rate=192_000)
    assert len(long) > LARGEST_BODY
    assert send(admin, WELCOME, long).status == 200
    assert send(agent, WELCOME, long).status == 413
    assert send(admin, WELCOME, b"RIFF" + bytes(LARGEST)).status == 413
    assert send(admin, WELCOME, bytes(100 << 20)).status == 413
