"""``python -m bench.faxes``: faxes sent through the real Asterisk, and what their bills cost to draw.

``--write`` puts the figures into docs/bench-fax.md. It takes a quarter of an hour, most of it in waiting.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.fax_bills import Bills, middle
from bench.fax_bills import measure as measure_bills
from bench.fax_sessions import Sessions, Stalled
from bench.fax_sessions import measure as measure_sessions
from bench.servers import HOUSE
from ivr_server.pbx import fetch
from tests.live.fax_town import fax_town

PAGE: Final = HOUSE / "docs" / "bench-fax.md"
AT_ONCE: Final = 12
INTRODUCTION: Final = """# What a fax takes

Written by `make bench-fax`, here on {machine}.
{jobs} jobs go out, {at_once} at once, from the whole service through a real Asterisk over SIP to a second one, SendFAX
to ReceiveFAX, waits between dials shortened. The receivers are mixed: T.38, audio, without error correction, five
pages, torn off after page 1 once or twice, busy, no answer, refused, a voice, a person who hangs up. Meanwhile our
service is killed once (kill -9) and the sending Asterisk once. Then each job is held against the receiver's own count:
every page that the job calls delivered is on its paper, at most one more of each call that broke off, and *sent* means
all of them.

"Bare" is a call of the same Asterisk in the same minutes: one page by SendFAX alone, nothing followed or written down.
A bill's cost is CPU in a process of its own, beside the least that makes a page of as many words
(`bench/bare_bill.py`: reportlab, the same typeface, pdfium, CCITT; no bounds, no layout), in rounds that take turns.

"""
Row = tuple[str, str]


def say(words: str) -> None:
    """A line for whoever waits."""
    print(words, file=sys.stderr, flush=True)


def session_rows(found: Sessions) -> list[Row]:
    """What became of the jobs."""
    ends = ", ".join(f"{count} {state}" for state, count in found.states.most_common())
    one, bare = middle(found.one_page_s), middle(found.bare_s)
    return [
        ("Jobs; dials; fax sessions that a receiver saw", f"{found.jobs}; {found.dials}; {found.sessions}"),
        ("Jobs whose end is what the receiver has", f"**{found.matching} of {found.jobs}**"),
        ("How they ended", ends),
        ("Pages on paper; of them a second time, marked so", f"{found.pages}; {found.twice}"),
        ("Pages of whole faxes that are the bill's, dot for dot", f"{found.identical} of {found.compared}"),
        ("One page over T.38, from dial to end", f"{one:.1f} s"),
        ("The same beside a bare call", f"{one / bare:.2f} ×" if bare else "none arrived"),
        ("Five pages over T.38, for a page", f"{middle(found.five_pages_s) / 5:.1f} s"),
        ("One page over audio, from dial to end", f"{middle(found.audio_s):.1f} s"),
    ]


def bill_rows(found: Bills) -> list[Row]:
    """What drawing costs."""
    return [
        (f"CPU of {found.count:,} bills of one page, drawn and made fax pages", f"{found.total_s:.0f} s"),
        ("CPU of one beside the bare page", str(found.beside_bare)),
        ("CPU of a page of a bill of forty", f"{found.long_page_s:.2f} s"),
    ]


def page(jobs: int, rows: list[Row]) -> str:
    """The whole page."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the end"
    lines = ["| figure | result |", "| --- | --- |", *(f"| {' | '.join(row)} |" for row in rows)]
    return INTRODUCTION.format(machine=machine, jobs=jobs, at_once=AT_ONCE) + "\n".join(lines) + "\n"


def main() -> int:
    """The exit status: 1 when a job's end is not what its receiver has."""
    options = argparse.ArgumentParser(prog="python -m bench.faxes", description=__doc__)
    options.add_argument("--jobs", type=int, default=200)
    options.add_argument("--bills", type=int, default=1_000)
    options.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(HOUSE)}")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        say("Bills ...")
        bills = measure_bills(chosen.bills, Path(folder))
    say("Faxes ...")
    try:
        with fax_town(fetch.find(say), at_once=AT_ONCE) as town:
            found = measure_sessions(town, chosen.jobs, say)
    except Stalled as fault:
        say(f"The bench cannot measure: {fault}")
        return 1
    text = page(found.jobs, session_rows(found) + bill_rows(bills))
    print(text, *found.wrong, sep="\n")
    if chosen.write:
        PAGE.write_text(text, encoding="utf-8")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
