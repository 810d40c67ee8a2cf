"""Flow files that mean ill or are broken: cut off, bombs, secrets in the text, destinations that nobody allowed."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from flows.flow import World
from flows.reading import read_flow, read_folder
from marked_yaml import Mistakes

SECRETS = {
    "an address with a password": (
        "main.yaml",
        ("start: welcome", "start: welcome # postgresql://ivr:hunter2@db/ivr"),
        "main.yaml:3:18: this looks like an address with a password in it; secrets do not belong into a flow",
    ),
    "a private key": (
        "main.yaml",
        ("start: welcome", "start: welcome # -----BEGIN PRIVATE KEY-----"),
        "main.yaml:3:18: this looks like a certificate or key; secrets do not belong into a flow",
    ),
    "a token": (
        "main.yaml",
        ("start: welcome", "start: welcome # 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
        "main.yaml:3:18: this looks like something like a token; secrets do not belong into a flow",
    ),
}


@pytest.mark.parametrize("what", SECRETS)
def test_G11_a_secret_in_a_flow_is_refused(what: str, texts: dict[str, str], world: World) -> None:
    """A key, a token, an address with a password, anywhere in the text, comments included: told with its place."""
    file, (old, new), message = SECRETS[what]
    assert old in texts[file]
    with pytest.raises(Mistakes) as caught:
        read_folder({**texts, file: texts[file].replace(old, new, 1)}, world)
    assert message in [str(problem) for problem in caught.value.problems]


TOLL = ("SIP/00900123", "service&billing", "service,30", "${EXTEN}", "Local/0900@out", "../service", "Service", "0900")


@pytest.mark.parametrize("queue", TOLL)
def test_G10_a_call_goes_only_to_a_queue_of_the_list(queue: str, texts: dict[str, str], world: World) -> None:
    """No channel, no second destination, no expression, no other case: what is not on the list is refused."""
    assert "enqueue, queue: service" in texts["main.yaml"]
    main = texts["main.yaml"].replace("enqueue, queue: service", f'enqueue, queue: "{queue}"', 1)
    with pytest.raises(Mistakes) as caught:
        read_folder({**texts, "main.yaml": main}, world)
    assert any(queue in str(problem) for problem in caught.value.problems)


def test_G1_a_file_cut_at_any_byte_is_read_or_refused(texts: dict[str, str], world: World) -> None:
    """Truncated at every third offset: a library or Mistakes, never another exception."""
    whole = texts["fees.yaml"]
    read = 0
    for end in range(0, len(whole), 3):
        try:
            read_folder({**texts, "fees.yaml": whole[:end]}, world)
            read += 1
        except Mistakes as told:
            assert told.problems
    assert read <= 2


BOMBS = {
    "aliases": "a: &a [x, x]\n"
    + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in pairwise("abcdefghijklmnop")),
    "depth": "a: " + "[" * 500_000,
    "deep mappings": "".join(" " * n + "a:\n" for n in range(1_000)),
    "nodes": "a: [" + "x, " * 300_000 + "x]",
    "size": "a: " + "x" * 5_000_000,
    "keys": "{" + ", ".join(f"k{n}: v" for n in range(100_000)) + "}",
    "entities": '"' + "\\u0041" * 100_000 + '"',
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_G3_bombs_are_refused_in_256_mebibytes(bomb: str) -> None:
    """Aliases, depth, number and size: a problem with a place, within a second and a quarter of a gigabyte."""
    program = (
        "import sys; from marked_yaml import Mistakes; from flows.reading import read_flow\n"
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))\n"
        "try: read_flow(sys.stdin.read(), 'bomb.yaml')\n"
        "except Mistakes as told: print(str(told.problems[0])[:120])\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], input=BOMBS[bomb], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("bomb.yaml:")
    assert time.monotonic() - began < 15 and resource.RLIMIT_AS


@pytest.mark.parametrize(
    "text", ["", "\n# only words\n", "---\na: b\n---\nc: d\n", "\x00", "a: \ud800", "- a", "x", "a: b: c", "? [a]\n: b"]
)
def test_G3_what_is_no_flow_is_told_so(text: str) -> None:
    """Empty, two documents, signs that no text holds, a list, a word: Mistakes, and nothing else."""
    with pytest.raises(Mistakes) as caught:
        read_flow(text, "odd.yaml")
    assert all(problem.file == "odd.yaml" and problem.line >= 1 for problem in caught.value.problems)
