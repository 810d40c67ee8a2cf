"""Where an Asterisk comes from: the machine's own, the cache, or packages; each shown on small stand-ins for apt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ivr_server.pbx import fetch

APT_GET = """#!/bin/sh
# Stands in for apt-get: answers where the mirror is, and "downloads" one package.
echo "$@" >>"{log}"
case "$*" in
  indextargets*) echo "{mirror} elsewhere main"; echo "{mirror} $IVR_TEST_RELEASE main" ;;
  *install*) {install} ;;
esac
"""
DPKG_DEB = """#!/bin/sh
# Stands in for dpkg-deb -x PACKAGE FOLDER: unpacks an "Asterisk" whose loader runs a script.
mkdir -p "$3/usr/sbin" "$3/usr/lib64" "$3/usr/lib/asterisk/modules" "$3/usr/share/asterisk/sounds/en_US_f_Allison"
printf '#!/bin/sh\\necho Asterisk {version}\\n' >"$3/usr/sbin/asterisk"
printf '#!/bin/sh\\nshift 2\\nexec sh "$@"\\n' >"$3/usr/lib64/ld-linux-x86-64.so.2"
chmod +x "$3/usr/sbin/asterisk" "$3/usr/lib64/ld-linux-x86-64.so.2"
touch "$3/usr/lib/asterisk/modules/res_agi.so"
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Asterisk whose apt is a script; its commands are written to apt.log."""
    tools = tmp_path / "tools"
    tools.mkdir()
    release = fetch._release().get("VERSION_CODENAME", "x")
    package = 'for o in "$@"; do case "$o" in Dir::Cache::archives=*) touch "${o#*=}/a.deb";; esac; done'
    text = APT_GET.format(log=tmp_path / "apt.log", mirror="file:/mirror/", install=package)
    write_tool(tools / "apt-get", text.replace("$IVR_TEST_RELEASE", release))
    write_tool(tools / "dpkg-deb", DPKG_DEB.format(version="22.1.0"))
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(fetch, "system", lambda: None)
    for name in (fetch.SUITE, fetch.MIRROR):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write_tool(path: Path, text: str) -> None:
    """An executable script."""
    path.write_text(text)
    path.chmod(0o755)


def test_fetched_once_then_from_the_cache(machine: Path) -> None:
    """The second time nothing is downloaded, and nothing but the finished tree and its lock is left."""
    said: list[str] = []
    first = fetch.find(said.append, machine / "cache")
    assert first.version == "22.1.0" and first.major == 22
    assert any("Fetching" in line for line in said)
    (machine / "apt.log").unlink()
    assert fetch.find(said.append, machine / "cache") == first
    assert not (machine / "apt.log").exists()
    left = {path.name.split("-")[0].split(".")[-1] for path in (machine / "cache").iterdir()}
    assert left <= {"asterisk", "lock"}


def test_apt_is_kept_away_from_the_machines_own_folders(machine: Path) -> None:
    """Every folder that apt writes to is ours, so no root is needed and nothing is installed."""
    fetch.find(lambda _: None, machine / "cache")
    for line in (machine / "apt.log").read_text().splitlines():
        if "install" in line or "update" in line:
            options = dict(word.split("=", 1) for word in line.split() if word.startswith("Dir::"))
            assert {"Dir::State", "Dir::State::lists", "Dir::Cache", "Dir::Cache::archives"} <= set(options)
            cache = str(machine / "cache")
            assert all(path.startswith(cache) or path == "/dev/null" for path in options.values())
            assert "--download-only" in line or line.endswith("update")


def test_the_next_suite_is_tried_when_one_does_not_install(machine: Path) -> None:
    """unstable is broken today: the frozen older release is taken, and the reason is told."""
    broken = (
        (machine / "tools/apt-get")
        .read_text()
        .replace(
            "case ",
            'if grep -qs " sid " $(dirname "$(echo "$*" | sed "s/.*Dir::State::lists=\\([^ ]*\\).*/\\1/")")'
            '/sources.list; then echo "E: Unable to correct problems"; exit 100; fi\ncase ',
            1,
        )
    )
    write_tool(machine / "tools/apt-get", broken)
    if len(fetch._suites(fetch._release())) < 2:
        return  # Ubuntu has one suite, its own
    said: list[str] = []
    fetch.find(said.append, machine / "cache")
    assert any("Unable to correct problems" in line for line in said)
    assert (machine / "cache/asterisk-bullseye").is_dir()
    assert not (machine / "cache/asterisk-sid").exists()


def test_a_download_that_breaks_off_is_never_used(machine: Path) -> None:
    """Nothing runnable came: one plain sentence, and no tree under the name that the next run looks for."""
    write_tool(machine / "tools/dpkg-deb", "#!/bin/sh\nmkdir -p $3/usr/sbin; : >$3/usr/sbin/asterisk\n")
    with pytest.raises(fetch.NoAsterisk, match="does not start"):
        fetch.find(lambda _: None, machine / "cache")
    assert not list((machine / "cache").glob("asterisk-*"))


def test_an_older_asterisk_than_supported_is_not_taken(machine: Path) -> None:
    """13 lacks StoreDTMF and PJSIP as we need it."""
    write_tool(machine / "tools/dpkg-deb", DPKG_DEB.format(version="13.38.3"))
    with pytest.raises(fetch.NoAsterisk):
        fetch.find(lambda _: None, machine / "cache")


def test_a_machine_without_apt_is_told_what_to_do(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence with both ways out."""
    (machine / "tools/apt-get").unlink()
    monkeypatch.setenv("PATH", str(machine / "tools"))
    with pytest.raises(fetch.NoAsterisk, match="Install Asterisk 16 or newer"):
        fetch.find(lambda _: None, machine / "cache")


def test_the_mirror_can_be_named(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """IVR_ASTERISK_MIRROR goes before apt's sources."""
    monkeypatch.setenv(fetch.MIRROR, "file:/other/")
    assert fetch._source("sid").line().endswith("file:/other/ sid main\n") or "universe" in fetch._source("x").line()


@pytest.mark.parametrize(
    ("release", "suites"),
    [
        ({"ID": "debian", "VERSION_CODENAME": "bookworm"}, ("sid", "bullseye")),
        ({"ID": "ubuntu", "VERSION_CODENAME": "noble"}, ("noble",)),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian", "UBUNTU_CODENAME": "noble"}, ("noble",)),
    ],
)
def test_which_suites_are_tried(release: dict[str, str], suites: tuple[str, ...]) -> None:
    """Debian takes unstable, then 11; Ubuntu and its children take their own."""
    assert fetch._suites(release) == suites


def test_the_cache_lies_outside_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME, or .cache in the home folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert fetch.cache_folder() == Path("/somewhere/ivr-server")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert fetch.cache_folder() == Path(os.path.expanduser("~/.cache/ivr-server"))
