"""The least that makes a fax of a page: the same face, as many strings, pdfium, CCITT. Run by ``bench.fax_bills``.

Arguments: the typeface, the file to write. It bounds nothing, checks nothing, and sets every string where it falls.
"""

from __future__ import annotations

import sys

import pypdfium2
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

STRINGS = 170  # as many as a bill of 24 lines sets


def main(face: str, target: str) -> None:
    """One page, drawn and converted."""
    pdfmetrics.registerFont(TTFont("face", face))
    canvas = Canvas(target + ".pdf", pagesize=A4)
    canvas.setFont("face", 8)
    for n in range(STRINGS):
        canvas.drawString(40 + n % 4 * 130, 800 - n // 4 * 16, f"本地通话费 138****{n:04d} 0:12:{n % 60:02d}")
    canvas.save()
    page = pypdfium2.PdfDocument(target + ".pdf")[0]
    sheet = page.render(scale=204 / 72, grayscale=True).to_pil().resize((1728, 2292))
    fax: Image.Image = sheet.point(lambda dot: 255 if dot > 150 else 0, "1")
    fax.save(target, format="TIFF", compression="group4", dpi=(204, 196))


if __name__ == "__main__":
    main(*sys.argv[1:])
