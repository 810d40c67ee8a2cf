"""The bill's pages: what stands on them, that it stands well, and that nothing is left out in silence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fax import raster
from fax.bill import BillDocument, BillLine, OpenMonth
from fax.document import typeface
from fax.document.marks import HEIGHT, LEFT, RIGHT, WIDTH, Mark, Text
from fax.layout import draw, lacking, pages
from tests.fax.bills import ARREARS, ENGLISH, bill, lines

LANGUAGES = pytest.mark.parametrize("language", ["zh-CN", "en-US"])
STRIP = 34.0  # points at the head of a page that only the stamp may use


def said(document: BillDocument) -> list[str]:
    """The text of each page, as a reader of the PDF copies it."""
    pdf = pypdfium2.PdfDocument(draw(document))
    return [page.get_textpage().get_text_bounded() for page in pdf]


def texts(page: Sequence[Mark]) -> list[Text]:
    """The texts among the marks."""
    return [mark for mark in page if isinstance(mark, Text)]


def box(mark: Text) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a text."""
    wide = typeface.width(mark.text, mark.size) * mark.narrow
    left = mark.x - {"left": 0.0, "centre": wide / 2, "right": wide}[mark.side]
    return left, mark.y - 0.72 * mark.size, left + wide, mark.y + 0.05 * mark.size


def check(document: BillDocument) -> None:
    """No text meets another, none leaves the page, and the strip above is free."""
    for page in pages(document):
        boxes = sorted((box(mark), mark.text) for mark in texts(page) if mark.text.strip())
        for (left, top, right, bottom), text in boxes:
            assert left > LEFT - 1 and right < RIGHT + 1, text
            assert top > STRIP and bottom < HEIGHT - 20, text
        for number, ((_, top, right, bottom), text) in enumerate(boxes):
            for (left, other_top, _, other_bottom), other in boxes[number + 1 :]:
                if left >= right - 0.1:
                    break
                assert other_top >= bottom or other_bottom <= top, f"{text!r} meets {other!r}"


@LANGUAGES
def test_a_usual_month_is_one_page_with_everything_on_it(language: str) -> None:
    """Operator, customer, number, period, job, categories, sums, how to pay, each charge, page 1 of 1."""
    document = bill(language)
    (page,) = said(document)
    flat = " ".join(page.split())
    month = "2026年10月" if language == "zh-CN" else "October 2026"
    number = "第 1 页，共 1 页" if language == "zh-CN" else "Page 1 of 1"
    for wanted in (document.issuer.name, document.name, document.number, month, document.job, "¥164.47", number):
        assert wanted in flat
    for sentence in document.issuer.how_to_pay:
        assert typeface.printable(sentence) in flat
    for line in document.lines:
        assert line.at[11:] in flat or line.at.endswith("00:00:00")
    assert "−5.00" in flat and "0.00" in flat and "138****6294" in flat and "10010" in flat


@LANGUAGES
def test_each_category_has_a_subtotal_that_adds_up(language: str) -> None:
    """The lines of a category, their number and their sum; the sums make the month's total."""
    document = bill(language, 300)
    whole = "".join(said(document))
    for category, sum_ in document.categories:
        count = sum(line.category == category for line in document.lines)
        if count > 1:
            label = f"小计 {count} 笔" if language == "zh-CN" else f"Subtotal, {count} items"
            assert re.search(rf"{label}[^¥]*¥{sum_ // 100:,}\.{sum_ % 100:02d}", whole), category
    assert sum(sum_ for _, sum_ in document.categories) == document.total


@LANGUAGES
def test_arrears_late_fee_and_payments_are_told(language: str) -> None:
    """Open months with their dates and sum; the fee on top, the payment off, what is left in the box."""
    flat = " ".join(said(bill(language, late_fee=120, paid=5_000, arrears=ARREARS))[0].split())
    for wanted in ("88.50", "128.03", "¥216.53", "¥1.20", "−¥50.00", "¥115.67"):
        assert wanted in flat


@LANGUAGES
def test_an_empty_month_says_so(language: str) -> None:
    """No lines, nothing to pay: one page that says both, and does not explain how to pay nothing."""
    (page,) = said(bill(language, 0))
    assert ("没有通话和其他费用" if language == "zh-CN" else "no calls or other charges") in " ".join(page.split())
    assert ("无需缴费" if language == "zh-CN" else "Nothing to pay") in page
    assert ("缴费方式" if language == "zh-CN" else "How to pay") not in page


def test_a_bill_that_is_only_read_names_no_fax_job() -> None:
    """The console shows bills that nobody faxed: no label without a number."""
    (page,) = said(bill(job=""))
    assert "传真任务号" not in page and "第 1 页，共 1 页" in page


def test_too_much_paid_is_not_shown_as_a_debt() -> None:
    """A credit is named as one, and no day to pay by is given."""
    flat = said(bill(paid=20_000))[0]
    assert "本期多缴" in flat and "¥35.53" in flat and "前缴费" not in flat


@LANGUAGES
def test_forty_pages_are_numbered_and_each_names_job_and_customer(language: str) -> None:
    """Page n of m, the job and the number on every page; ten thousand lines keep within the limit, and it is said."""
    document = bill(language, 10_000)
    found = said(document)
    assert len(found) == 40
    for number, page in enumerate(found, 1):
        assert (f"第 {number} 页，共 40 页" if language == "zh-CN" else f"Page {number} of 40") in page
        assert document.job in page and document.number in page
    shown = len(re.findall(r"\d\d:\d\d:\d\d (?:\d{3}\*{4}\d{4}|10010)", " ".join(" ".join(found).split())))
    first = " ".join(found[0].split())
    announced = re.search(r"前 ([\d,]+) 笔" if language == "zh-CN" else r"first ([\d,]+) of 10,000", first)
    assert announced is not None
    assert int(announced[1].replace(",", "")) == shown + 1, "the rental is the one line without a clock"
    assert shown > 3_800, "a page is used well"
    for category, sum_ in document.categories:
        assert f"¥{sum_ // 100:,}.{sum_ % 100:02d}" in "".join(found[1:]) or category == "rental"


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_a_page_limit_is_kept(most: int) -> None:
    """Never a page more than asked, and more lines on more pages."""
    assert len(pages(bill(count=2_000, most_pages=most))) == most
    check(bill(count=2_000, most_pages=most))


def test_a_limit_of_one_page_still_has_summary_and_subtotals() -> None:
    """What falls off is single lines; the reader learns how many, and where they are."""
    (page,) = said(bill(count=2_000, most_pages=1))
    assert "明细共 2,000 笔" in page and "营业厅" in page
    assert page.count("小计") >= 4


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_no_text_meets_another_whatever_the_bill_holds(data: st.DataObject) -> None:
    """Long names, huge and negative sums, odd numbers and dates: every text has its place on the page."""
    text = st.text(st.characters(codec="utf-8"), max_size=80)
    line = st.builds(
        BillLine,
        at=st.sampled_from(["2026-10-01 00:00:00", "2026-10-31 23:59:59", "2026-10-02", "", "?"]),
        category=st.sampled_from(["rental", "local", "long_distance", "data", "value_added", "漫游 roaming"]),
        number=st.one_of(st.text(alphabet="0123456789+* ", max_size=32), text.map(lambda name: name[:32])),
        quantity=st.integers(0, 10**9),
        amount=st.integers(-(10**9), 10**9),
    )
    month = st.builds(
        OpenMonth, month=st.just("2026-09"), amount=st.integers(0, 10**9), due=st.sampled_from(["2026-10-20", ""])
    )
    fields: dict[str, Any] = {
        "name": data.draw(text),
        "number": data.draw(st.text(alphabet="0123456789", max_size=20)),
        "late_fee": data.draw(st.integers(0, 10**9)),
        "paid": data.draw(st.integers(0, 10**11)),
        "due": data.draw(st.sampled_from(["2026-11-20", ""])),
        "lines": tuple(data.draw(st.lists(line, max_size=60))),
        "arrears": tuple(data.draw(st.lists(month, max_size=30))),
        "masked": data.draw(st.booleans()),
    }
    check(bill(data.draw(st.sampled_from(["zh-CN", "en-US"])), 30, **fields))


@LANGUAGES
@pytest.mark.parametrize("count", [1, 24, 40, 150, 400])
def test_usual_bills_are_set_without_collisions_and_columns_end_level(language: str, count: int) -> None:
    """The last page's two columns differ by less than a group's head and foot."""
    document = bill(language, count, arrears=ARREARS)
    check(document)
    if count >= 150:
        last = [mark for mark in texts(pages(document)[-1]) if 72 < mark.y < 795]
        left = max(mark.y for mark in last if mark.x < WIDTH / 2)
        right = max((mark.y for mark in last if mark.x > WIDTH / 2), default=0)
        assert abs(left - right) < 90


def test_a_group_that_goes_on_says_its_heading_again() -> None:
    """Nobody has to turn back a page to know what a column is about; no heading stands alone at a column's foot."""
    document = bill(count=400)
    for page in pages(document)[1:]:
        first = min((mark for mark in texts(page) if mark.y > 72), key=lambda mark: (mark.y, mark.x))
        assert first.size == 11.5, "a column begins with a heading"
        for side in (LEFT, WIDTH / 2):
            column = [mark for mark in texts(page) if side <= mark.x < side + 150 and 72 < mark.y < 800]
            assert max(column, key=lambda mark: mark.y).size == 10.0, "and ends with a charge or a sum"


def test_amounts_stand_in_line() -> None:
    """All amounts of a column end at the same place, so that the points lie below each other."""
    for page in pages(bill(count=200)):
        sums = [mark for mark in texts(page) if re.fullmatch(r"−?¥?[\d,]+\.\d\d", mark.text) and mark.side == "right"]
        assert sums and {round(box(mark)[2], 2) for mark in sums} <= {round(RIGHT, 2), round((WIDTH - 20) / 2, 2)}


def test_a_bill_that_says_more_than_its_lines_shows_the_difference() -> None:
    """Charged without lines, or reduced: the subtotal is the bill's, and the difference has a name."""
    charged = lines(10)
    local = sum(line.amount for line in charged if line.category == "local")
    more = bill(count=10, categories=(("local", local + 300),), total=local + 300)
    less = bill(count=10, categories=(("local", local - 100),), total=local - 100)
    assert "没有明细的部分" in "".join(said(more)) and "优惠与调整" in "".join(said(less))


def test_the_same_document_gives_the_same_bytes() -> None:
    """So that a fax that is made again after a crash is the one whose first pages have arrived."""
    assert draw(bill()) == draw(bill()) == draw(BillDocument.from_json(bill().to_json()))


def test_the_typeface_is_embedded_and_whole() -> None:
    """Every character that the PDF shows has ink on the page, at 196 lines an inch as at 98."""
    pdf = pypdfium2.PdfDocument(data := draw(bill()))
    assert b"/FontFile2" in data
    (sheet,) = raster.sheets(data, 1)
    page, half = pdf[0].get_textpage(), raster.halved(sheet)
    seen = set()
    for place in range(page.count_chars()):
        mark = page.get_text_range(place, 1)
        left, bottom, right, top = page.get_charbox(place)
        if not mark.strip() or right <= left:
            continue
        seen.add(mark)
        across = (21 + left / 72 * 204, 21 + right / 72 * 204 + 1)
        down = ((HEIGHT - top) / 72 * 196, (HEIGHT - bottom) / 72 * 196 + 1)
        assert _ink(sheet, across, down) >= 4, mark
        assert _ink(half, across, (down[0] / 2, down[1] / 2 + 1)) >= 2, mark
    assert seen >= set("0123456789¥.:*−李静合计") and len(seen) > 100


def _ink(sheet: Image.Image, across: tuple[float, float], down: tuple[float, float]) -> int:
    part = sheet.crop((int(across[0]), int(down[0]), int(across[1]), int(down[1])))
    return part.convert("L").histogram()[0]


def test_a_face_without_digits_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's fallback face prints a bill without amounts and without an error: better no bill."""
    monkeypatch.setattr(typeface, "_NEEDED", "0123456789\U00020000")
    with pytest.raises(RuntimeError, match="has no"):
        typeface.marks.__wrapped__()


def test_what_the_face_lacks_is_reported() -> None:
    """The console can say which letters of a customer's name were printed as a square."""
    assert lacking(bill(name="王𠮷")) == "𠮷"
    assert lacking(bill()) == ""
    assert "王□" in said(bill(name="王𠮷"))[0]


def test_other_peoples_numbers_are_whole_only_when_asked() -> None:
    """Masked, no full number of another party is in the PDF's text; the customer's own is."""
    numbers = {line.number for line in lines(24) if len(line.number) > 6}
    (hidden,), (open_,) = said(bill()), said(bill(masked=False))
    assert not [number for number in numbers if number in hidden]
    assert all(number in open_ for number in numbers)
    assert "13800138001" in hidden


def test_a_long_operators_name_and_a_long_customers_name_are_whole() -> None:
    """They are broken into lines, not cut."""
    name = "The Honourable Company of Wollstonecraft, Featherstonehaugh, Cholmondeley & Sons"
    operator = "The Northern Star Telecommunications and Information Services Company of Beijing"
    document = bill("en-US", name=name, issuer=replace(ENGLISH, name=operator))
    check(document)
    flat = " ".join(mark.text for mark in texts(pages(document)[0]))
    assert set(name.split()) <= set(flat.split()) and set(operator.split()) <= set(flat.split())


def test_a_bill_survives_the_way_into_the_other_process() -> None:
    """JSON there and back changes nothing; anything else is refused as a ValueError."""
    document = bill(count=30, arrears=ARREARS)
    assert BillDocument.from_json(document.to_json()) == document
    for wrong in ("", "[]", "{}", document.to_json().replace('"zh-CN"', '"fr"'), '{"issuer": 3}'):
        with pytest.raises(ValueError):
            BillDocument.from_json(wrong)
