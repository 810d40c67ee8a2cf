"""What it costs to make a bill's pages, beside the least that makes a page of as many words; CPU, in rounds."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.measuring import Share, share
from bench.servers import HOUSE
from fax.press import press
from tests.fax.bills import bill

ROUNDS: Final = 10
BARE: Final = 10  # in each round
LINES: Final = 24  # one page
LONG_LINES: Final = 3_900  # forty pages
LANGUAGES: Final = ("zh-CN", "en-US")


@dataclass(frozen=True, slots=True)
class Bills:
    """CPU seconds: of all bills together; of one as a share of the bare page; of a page of a forty-page bill."""

    count: int
    total_s: float
    beside_bare: Share
    long_page_s: float


def measure(count: int, folder: Path, rounds: int = ROUNDS) -> Bills:
    """So many bills of a page, in rounds that take turns with the bare page; then a bill of forty pages."""
    each = max(1, count // rounds)
    spent: dict[str, list[float]] = {"ours": [], "bare": []}
    turns = [("ours", _ours), ("bare", _bare)]
    for number in range(rounds):
        for name, turn in turns if number % 2 else turns[::-1]:
            spent[name].append(turn(each, folder))
    long = _spent(lambda: press(bill("zh-CN", LONG_LINES), folder / "long"))
    return Bills(each * rounds, sum(spent["ours"]) * each, share(spent["ours"], spent["bare"]), long / 40)


def _ours(each: int, folder: Path) -> float:
    """CPU seconds of one bill."""
    documents = [bill(LANGUAGES[n % 2], LINES, job=str(n + 1)) for n in range(each)]

    def work() -> None:
        for document in documents:
            press(document, folder / "bill")

    return _spent(work) / each


def _bare(each: int, folder: Path) -> float:
    """CPU seconds of one page."""
    face = HOUSE / "fax" / "fonts" / "NotoSansSC-Regular.ttf"
    command = [sys.executable, str(HOUSE / "bench" / "bare_bill.py"), str(face), str(folder / "bare.tiff")]
    count = min(BARE, each)
    return _spent(lambda: [subprocess.run(command, check=True) for _ in range(count)]) / count


def _spent(work: Callable[[], object]) -> float:
    """CPU seconds, with those of the processes that were begun and ended."""
    before = _cpu()
    work()
    return _cpu() - before


def _cpu() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def middle(values: list[float]) -> float:
    """The median; nought of nothing."""
    return statistics.median(values) if values else 0.0
