"""A real Asterisk for the tests, for ``make pbx`` and for checking a configuration, with or without root.

An installed Asterisk 16 or newer is taken as it is. Otherwise the distribution's own packages are downloaded with the
machine's own apt (its mirror, proxy and keys), in private folders, and unpacked into a cache outside the checkout.
Nothing is installed: the program runs from the unpacked tree with the tree's own loader and libraries, so the version
of the machine's C library does not matter. Debian 12 has no Asterisk, hence Debian machines take it from unstable,
and from Debian 11, frozen, on a day when unstable's does not install.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en-gsm")
OLDEST = 16
MIRROR = "IVR_ASTERISK_MIRROR"  # environment: the address of a Debian or Ubuntu mirror, instead of apt's own
SUITE = "IVR_ASTERISK_SUITE"  # environment: one suite (sid, bullseye, noble ...), instead of the usual ones

Say = Callable[[str], None]


class NoAsterisk(Exception):
    """No Asterisk can be had on this machine; the text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An Asterisk that can be started. ``command`` is the program behind its loader, ``sounds`` its core sounds."""

    command: tuple[str, ...]
    modules: Path
    share: Path
    version: str

    @property
    def major(self) -> int:
        """The first number of the version."""
        return _major(self.version)

    def has(self, module: str) -> bool:
        """Whether a module, named without ``.so``, came with it."""
        return (self.modules / f"{module}.so").is_file()


@dataclass(frozen=True, slots=True)
class Source:
    """Where packages come from: a mirror, a suite of it, its component, and the keys that it must be signed with."""

    mirror: str
    suite: str
    component: str
    keys: str

    def line(self) -> str:
        """The same as apt writes it."""
        options = f"[signed-by={self.keys}] " if self.keys else ""
        return f"deb {options}{self.mirror} {self.suite} {self.component}\n"


def find(say: Say, cache: Path | None = None) -> Installed:
    """The Asterisk of this machine, else the cached one, else a fetched one; NoAsterisk when none can be had."""
    suite = os.environ.get(SUITE, "")
    if not suite and (ours := system()):
        return ours
    folder = cache or cache_folder()
    suites = (suite,) if suite else _suites(_release())
    for name in suites:
        if ready := unpacked(folder / f"asterisk-{name}"):
            return ready
    return _first_that_installs(folder, suites, say)


def cache_folder() -> Path:
    """Where fetched trees are kept: outside the checkout, so that the next run is quick."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ivr-server"


def system() -> Installed | None:
    """The machine's own Asterisk, if it is new enough and its modules are found."""
    program = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    return _tried((program,), Path("/")) if program else None


def unpacked(tree: Path) -> Installed | None:
    """The Asterisk of an unpacked tree; None when it is not there or does not start."""
    program = tree / "usr/sbin/asterisk"
    loader = next(iter(sorted(tree.glob("usr/lib*/ld-linux*.so*")) + sorted(tree.glob("lib*/**/ld-linux*.so*"))), None)
    if not program.is_file() or loader is None:
        return None
    libraries = [str(path.parent) for path in _distinct_folders(tree)]
    return _tried((str(loader), "--library-path", ":".join(libraries), str(program)), tree)


def _distinct_folders(tree: Path) -> Iterator[Path]:
    """One shared library of each folder that holds some: of the machine's architecture, and Asterisk's own."""
    seen = set()
    for pattern in ("lib/*-linux-gnu*/*.so*", "usr/lib/*-linux-gnu*/*.so*", "usr/lib/*.so*"):
        for library in tree.glob(pattern):
            if library.parent not in seen:
                seen.add(library.parent)
                yield library


def _tried(command: tuple[str, ...], tree: Path) -> Installed | None:
    told = subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=20, check=False)
    version = told.stdout.strip().removeprefix("Asterisk ")
    found = sorted(tree.glob("usr/lib*/**/asterisk/modules/res_agi.so")) + sorted(
        tree.glob("usr/local/lib*/asterisk/modules/res_agi.so")
    )
    shares = [tree / "usr/share/asterisk", tree / "var/lib/asterisk"]
    share = next((path for path in shares if (path / "sounds").is_dir()), shares[0])
    if told.returncode or _major(version) < OLDEST or not found:
        return None
    return Installed(command, found[0].parent, share, version)


def _major(version: str) -> int:
    number = re.match(r"\d+", version.rpartition("/")[2])
    return int(number.group()) if number else 0


def _first_that_installs(folder: Path, suites: tuple[str, ...], say: Say) -> Installed:
    faults = []
    for suite in suites:
        tree = folder / f"asterisk-{suite}"
        try:
            with _one_at_a_time(folder / f"{suite}.lock"):
                return unpacked(tree) or _fetch(tree, _source(suite), say)
        except (NoAsterisk, subprocess.SubprocessError, OSError) as fault:
            faults.append(f"{suite}: {fault}")
            say(f"  {suite}: {fault}")
    raise NoAsterisk(
        "No Asterisk could be fetched (" + "; ".join(faults) + "). Install Asterisk 16 or newer with the machine's"
        f" packages, or name a Debian mirror in {MIRROR}."
    )


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(tree: Path, source: Source, say: Say) -> Installed:
    """Downloads and unpacks into a folder of another name, tries it, and only then gives it its name."""
    say(f"Fetching Asterisk of {source.suite} from this machine's package mirror (80 MB, once)")
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=tree.parent) as name:
        work = Path(name)
        packages = _download(work, source, say)
        _unpack(packages, work / "tree", say)
        _name_the_sounds(work / "tree")
        if unpacked(work / "tree") is None:
            raise NoAsterisk("its packages came, but the program does not start from them")
        if tree.exists():
            shutil.rmtree(tree)
        (work / "tree").rename(tree)
    ready = unpacked(tree)
    if ready is None:
        raise NoAsterisk(f"it does not start from {tree}")
    say(f"  Asterisk {ready.version} is in {tree}")
    return ready


def _download(work: Path, source: Source, say: Say) -> list[Path]:
    """Every package of the resolved set, checked by apt against the signed lists."""
    for name in ("lists/partial", "archives/partial", "empty"):
        (work / name).mkdir(parents=True)
    (work / "status").touch()
    (work / "sources.list").write_text(source.line())
    say("  reading the list of packages")
    _apt(work, "update")
    say("  downloading the packages")
    _apt(work, "--yes", "--no-install-recommends", "--download-only", "install", *PACKAGES)
    return sorted((work / "archives").glob("*.deb"))


def _apt(work: Path, *arguments: str) -> None:
    options = {
        "Dir::State": work,
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",  # an empty one: the whole set is wanted, not what this machine lacks
        "Dir::Cache": work,
        "Dir::Cache::archives": work / "archives",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": work / "empty",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": work / "empty",
        "APT::Sandbox::User": "",  # apt's own user could not write into this folder
        "APT::Keep-Downloaded-Packages": "true",
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Acquire::http::Timeout": "30",
        "Debug::NoLocking": "true",
        "DPkg::Post-Invoke::": "",
    }
    given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    ran = subprocess.run(
        ["apt-get", "-q", *given, *arguments], capture_output=True, text=True, timeout=900, check=False
    )
    faults = [line for line in (ran.stdout + ran.stderr).splitlines() if line.startswith(("E:", "Err:"))]
    if ran.returncode or (arguments[-1] == "update" and faults):
        raise NoAsterisk("apt-get says " + (faults[-1].removeprefix("E: ") if faults else f"status {ran.returncode}"))


def _unpack(packages: list[Path], tree: Path, say: Say) -> None:
    tree.mkdir()
    for count, package in enumerate(packages, 1):
        if count % 40 == 0 or count == len(packages):
            say(f"  unpacked {count} of {len(packages)} packages")
        subprocess.run(["dpkg-deb", "-x", package, tree], check=True, capture_output=True, timeout=120)


def _name_the_sounds(tree: Path) -> None:
    """Debian names the folder of English sounds by dpkg's alternatives, which do not run here."""
    sounds = tree / "usr/share/asterisk/sounds"
    english = next(iter(sorted(sounds.glob("en_*"))), None)
    if english is not None and not (sounds / "en").exists():
        (sounds / "en").symlink_to(english.name)


def _release() -> dict[str, str]:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


def _is_ubuntu(release: dict[str, str]) -> bool:
    return "ubuntu" in (release.get("ID", ""), *release.get("ID_LIKE", "").split())


def _suites(release: dict[str, str]) -> tuple[str, ...]:
    if _is_ubuntu(release):
        return (release.get("UBUNTU_CODENAME") or release.get("VERSION_CODENAME", ""),)
    return ("sid", "bullseye")


def _source(suite: str) -> Source:
    release = _release()
    ubuntu = _is_ubuntu(release)
    name = "ubuntu" if ubuntu else "debian"
    keys = Path(f"/usr/share/keyrings/{name}-archive-keyring.gpg")
    mirror = os.environ.get(MIRROR) or _mirror(release)
    return Source(mirror, suite, "main universe" if ubuntu else "main", str(keys) if keys.is_file() else "")


def _mirror(release: dict[str, str]) -> str:
    """The mirror that this machine's apt takes its own release from."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NoAsterisk("this machine has no apt")
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False).stdout
    wanted = {release.get("VERSION_CODENAME", ""), release.get("UBUNTU_CODENAME", ""), "stable", "testing", "unstable"}
    for words in map(str.split, told.splitlines()):
        if len(words) == 3 and words[1] in wanted and words[2] == "main":
            return words[0]
    raise NoAsterisk(f"no mirror is named in this machine's apt sources; name one in {MIRROR}")
