"""The bill as it leaves the fax machine, for the documents: ``python -m tools.bill_pictures``.

Made from the bills that the tests use, so that no picture shows what the product does not print.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image

from fax import raster
from fax.layout import draw
from fax.press import continuation
from tests.fax.bills import ARREARS, bill

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "pictures"


def main() -> None:
    """Two first pages at 196 lines an inch, and a continued fax at 98, its lines doubled as paper shows it."""
    for language in ("zh-CN", "en-US"):
        (page,) = raster.sheets(draw(bill(language)), 1)
        page.save(FOLDER / f"fax-bill.{language}.png", optimize=True)
    second = list(raster.sheets(draw(bill(count=90, arrears=ARREARS)), 9))[1]
    half = raster.halved(raster.stamped(second, continuation("zh-CN", 2, 2)))
    half.resize((half.width, half.height * 2), Image.Resampling.NEAREST).save(
        FOLDER / "fax-continued.zh-CN.png", optimize=True
    )


if __name__ == "__main__":
    main()
