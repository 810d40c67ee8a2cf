"""Pages as a fax machine wants them: their size, their coding, and half the lines without losing a stroke."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fax import raster
from fax.layout import draw
from fax.raster import HEIGHT, WIDTH, Coding, Later, Unreadable
from tests.fax.bills import bill
from tests.fax.hostile import drawing, with_pages

CODINGS = pytest.mark.parametrize(
    "coding", [Coding(True, 4), Coding(True, 3), Coding(False, 4), Coding(False, 3)], ids=str
)


def read(fax: bytes) -> list[Image.Image]:
    """The pages of a TIFF."""
    image = Image.open(io.BytesIO(fax))
    found = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        found.append(image.copy())
    return found


@CODINGS
def test_a_fax_has_the_measures_and_the_coding_that_were_asked(coding: Coding) -> None:
    """1728 dots wide, 204 by 196 or 98 an inch, one strip a page, white as Asterisk's fax reads it, lossless."""
    pages = list(raster.sheets(draw(bill(count=120)), 9))
    fax, count = raster.tiff(iter(pages), coding)
    assert count == len(pages) >= 2
    image = Image.open(io.BytesIO(fax))
    assert getattr(image, "n_frames", 0) == count
    for number in range(count):
        image.seek(number)
        tags = image.tag_v2  # type: ignore[attr-defined]
        assert (tags[256], tags[257]) == (1728, 2292 if coding.fine else 1146)
        assert tags[259] == coding.group and tags[258] == (1,) and tags[278] == tags[257]
        assert (tags[282], tags[283], tags[296]) == (204, 196 if coding.fine else 98, 2)
        wanted = pages[number] if coding.fine else raster.halved(pages[number])
        assert image.tobytes() == wanted.tobytes()


@CODINGS
def test_the_same_pages_give_the_same_fax(coding: Coding) -> None:
    """Byte for byte: a document that is made again has the digest that its job knows."""
    data = with_pages(4)
    assert len({raster.tiff(raster.sheets(data, 9), coding)[0] for _ in range(4)}) == 1


def test_a4_stands_at_its_true_size_in_the_middle() -> None:
    """A square of 200 points is 567 by 544 dots, and stands as far from the left as from the right edge of the page."""
    (sheet,) = raster.sheets(drawing(b"197.5 321 200 200 re f", {}, {}, "/MediaBox [0 0 595 842]"), 1)
    left, top, right, bottom = Image.eval(sheet.convert("L"), lambda level: 255 - level).getbbox() or (0, 0, 0, 0)
    assert abs(right - left - 567) <= 2 and abs(bottom - top - 544) <= 2
    assert abs(left - (WIDTH - right)) <= 3


@pytest.mark.parametrize("size", [(595, 842), (612, 792), (842, 595), (2000, 2000), (1, 1), (3, 14_000), (14_000, 3)])
def test_a_page_of_any_size_becomes_one_sheet(size: tuple[float, float]) -> None:
    """Larger ones are made smaller, broad ones are turned, nothing is cut off."""
    across, down = size
    content = f"0 0 {across} {down} re f".encode()
    (sheet,) = raster.sheets(drawing(content, {}, {}, f"/MediaBox [0 0 {across} {down}]"), 1)
    assert sheet.size == (WIDTH, HEIGHT) and sheet.mode == "1"
    assert sheet.convert("L").histogram()[0] > 0


@pytest.mark.parametrize("side", ["1000000000", "-1000000000"])
def test_a_page_larger_than_any_paper_is_refused(side: str) -> None:
    """Its size would be nothing but a way to fill the memory."""
    with pytest.raises(Unreadable, match="larger than any paper"):
        list(raster.sheets(drawing(b"", {}, {}, f"/MediaBox [0 0 {side} {side}]"), 1))


def test_grey_becomes_black_or_white_without_dots() -> None:
    """Light grey vanishes, dark grey is black: no dither that costs minutes of line time."""
    light, dark = (
        next(raster.sheets(drawing(b"%s g 0 0 595 842 re f" % level, {}, {}), 1)).convert("L").histogram()
        for level in (b"0.8", b"0.4")
    )
    assert light[0] == 0
    assert dark[0] > 0.97 * WIDTH * HEIGHT


def strokes(rows: Sequence[bool]) -> Image.Image:
    """A sheet with whole lines of black and white."""
    return Image.frombytes("1", (16, len(rows)), b"".join(b"\x00\x00" if row else b"\xff\xff" for row in rows))


def black(sheet: Image.Image) -> list[bool]:
    """Which lines of the sheet are black."""
    return [sheet.getpixel((0, row)) == 0 for row in range(sheet.height)]


@given(st.lists(st.booleans(), min_size=2, max_size=60).map(lambda rows: rows[: len(rows) // 2 * 2]))
def test_half_the_lines_keep_every_stroke(rows: list[bool]) -> None:
    """However thin and wherever it lies, a stroke leaves black within a line of its place, and blank stays blank."""
    found = black(raster.halved(strokes(rows)))
    assert len(found) == len(rows) // 2
    for row, dark in enumerate(rows):
        if dark:
            assert any(found[max(0, row // 2 - 1) : row // 2 + 1])
    assert all(not dark or rows[2 * row] or rows[2 * row + 1] for row, dark in enumerate(found))


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("gap", [2, 3, 4])
def test_half_the_lines_keep_the_gaps_of_a_character(start: int, gap: int) -> None:
    """Strokes two lines thick with such gaps between them, as in 量 or 费, do not run together."""
    rows = [False] * start + ([True, True] + [False] * gap) * 6
    found = black(raster.halved(strokes(rows + [False] * (len(rows) % 2))))
    assert sum(a and not b for a, b in zip(found, [*found[1:], False], strict=True)) == 6


def test_a_stamp_is_one_line_in_the_empty_strip() -> None:
    """It has ink of its own, touches nothing that the bill prints, and a long one is made to fit."""
    (sheet,) = raster.sheets(draw(bill()), 1)
    assert sheet.crop((0, 0, WIDTH, 96)).convert("L").histogram()[0] == 0, "the strip is empty"
    for note in ("续传：从第 3 页开始；第 3 页可能与上次收到的重复", "Continued from page 3 " * 20):
        done = raster.stamped(sheet, note)
        strip = Image.eval(done.crop((0, 0, WIDTH, 96)).convert("L"), lambda level: 255 - level).getbbox()
        assert strip is not None and strip[0] > 80 and strip[2] < WIDTH - 80 and strip[3] < 80
        below = (0, 96, WIDTH, HEIGHT)
        assert done.crop(below).tobytes() == sheet.crop(below).tobytes()


def test_the_rest_begins_at_its_page_and_names_a_repeat() -> None:
    """Pages before it are left out; the stamp is on the first, and on the page that may have come already."""
    pages = list(raster.sheets(with_pages(5), 5))
    found = list(raster.later(iter(pages), Later(3, "continued", 4, "en-US")))
    assert [sheet.tobytes() == pages[0].tobytes() for sheet in found] == [False, False, True]


def test_no_script_of_a_pdf_can_run() -> None:
    """This pdfium is built without a script machine; a fax never needed one."""
    assert not {"V8", "XFA"} & set(getattr(pypdfium2.PDFIUM_INFO, "flags", ()))


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"PK\x03\x04" * 99, with_pages(3)[:300]], ids=str)
def test_what_is_no_pdf_is_unreadable(data: bytes) -> None:
    """And says so in words for people."""
    with pytest.raises(Unreadable, match="damaged"):
        list(raster.sheets(data, 9))
