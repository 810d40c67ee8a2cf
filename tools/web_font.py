"""Makes the Chinese typeface of the pages out of that of the bill, in slices that a browser fetches as it needs them.

For developers: ``pip install -e ".[fonts]"``, then ``python -m tools.web_font``. The first slice holds what the pages,
the prompts and the flows say; the others the rest, the usual characters first. A browser whose machine has a Chinese
typeface fetches none of them. The licence lies beside the slices.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import starmap
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

HOUSE: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = HOUSE / "fax" / "fonts"
STATIC: Final = HOUSE / "ivr_server" / "console" / "static"
SAID: Final = ("ivr_server/console/words/zh-CN", "prompts/library", "flows/library")
EACH: Final = 900  # characters of a slice
FIRST: Final = 0x2E80  # what lies below it is drawn in the reader's own typeface
HERE: Final = {
    "100 500": ("PingFangSC-Regular", "Microsoft YaHei", "Noto Sans CJK SC", "NotoSansCJKsc-Regular", "Noto Sans SC"),
    "501 900": ("PingFangSC-Semibold", "Microsoft YaHei Bold", "Noto Sans CJK SC Bold", "Noto Sans SC Bold"),
}
HEAD: Final = """\
/* Chinese: the reader's own typeface ("Chinese here"), else one in slices, for machines that have none.
   Written by tools/web_font.py, not by hand. Noto Sans SC, SIL Open Font License 1.1 (chinese-licence.txt). */
"""


def main() -> None:
    """Cuts the slices, and writes the sheet that says which character lies in which."""
    for old in STATIC.glob("chinese-*"):
        old.unlink()
    sheet = HEAD + "".join(starmap(own_face, HERE.items()))
    for number, marks in enumerate(slices(), 1):
        name = f"chinese-{number}.woff2"
        _cut(marks, STATIC / name)
        sheet += face(name, marks)
        print(f"{name}: {len(marks)} characters, {(STATIC / name).stat().st_size:,} bytes")
    (STATIC / "chinese.css").write_text(sheet, "utf-8")
    shutil.copyfile(SOURCE / "OFL.txt", STATIC / "chinese-licence.txt")


def slices() -> Iterator[list[int]]:
    """The characters of each slice, no character twice."""
    there = {mark for mark in _font().getBestCmap() if mark >= FIRST}
    said = {ord(mark) for part in SAID for path in (HOUSE / part).rglob("*.yaml") for mark in path.read_text("utf-8")}
    punctuation = {mark for mark in there if not 0x3400 <= mark <= 0xFEFF}
    first = there & (said | punctuation)
    yield sorted(first)
    rest = [mark for mark in _by_use() if mark in there - first]
    rest += sorted(there - first - set(rest))
    for at in range(0, len(rest), EACH):
        yield sorted(rest[at : at + EACH])


def own_face(weights: str, names: tuple[str, ...]) -> str:
    """The rule of what a machine may have itself, in these weights."""
    local = ", ".join(f'local("{each}")' for each in names)
    return (
        f'@font-face {{ font-family: "Chinese here"; font-weight: {weights}; src: {local}; '
        f"unicode-range: U+{FIRST:X}-FFFF; }}\n"
    )


def face(name: str, marks: list[int]) -> str:
    """One rule of the sheet."""
    ranges = ", ".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in _runs(marks))
    return (
        f'@font-face {{ font-family: "Noto Sans SC"; font-display: swap; src: url("{name}") format("woff2"); '
        f"unicode-range: {ranges}; }}\n"
    )


def _by_use() -> list[int]:
    """GB 2312: its first level holds the usual characters, its second the others."""
    pairs = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return [ord(mark) for pair in pairs for mark in pair.decode("gb2312", "ignore")]


def _runs(marks: list[int]) -> Iterator[tuple[int, int]]:
    start = last = marks[0]
    for mark in marks[1:]:
        if mark != last + 1:
            yield start, last
            start = mark
        last = mark
    yield start, last


def _font() -> TTFont:
    return TTFont(SOURCE / "NotoSansSC-Regular.ttf", recalcTimestamp=False)


def _cut(marks: list[int], target: Path) -> None:
    font = _font()
    cutter = Subsetter(Options(layout_features=[], hinting=False, notdef_outline=True, recalc_timestamp=False))
    cutter.populate(unicodes=marks)
    cutter.subset(font)
    font.flavor = "woff2"
    font.save(target)


if __name__ == "__main__":
    main()
