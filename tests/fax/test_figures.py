"""How a bill prints amounts, times, volumes and other people's numbers, and where it breaks a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fax.document import breaking
from fax.document.figures import amount, masked, money, quantity
from fax.document.typeface import FILE, marks, printable, unknown, width


@pytest.mark.parametrize(
    ("sum_", "currency", "shown"),
    [
        (0, "CNY", "¥0.00"),
        (5, "CNY", "¥0.05"),
        (-5, "CNY", "−¥0.05"),
        (123_456_789, "CNY", "¥1,234,567.89"),
        (-100, "USD", "−$1.00"),
        (12_345, "CHF", "CHF 123.45"),
        (12_345, "JPY", "JPY 12,345"),
    ],
)
def test_money_names_its_currency_and_keeps_every_fen(sum_: int, currency: str, shown: str) -> None:
    """Below zero the sign stands before the currency; a currency without a smaller unit has no point."""
    assert money(sum_, currency) == shown


@given(st.integers(-(10**12), 10**12))
def test_an_amount_can_be_read_back(sum_: int) -> None:
    """No amount loses a digit, whatever its size."""
    assert int(amount(sum_, "CNY").replace(",", "").replace(".", "").replace("−", "-")) == sum_


@pytest.mark.parametrize(
    ("category", "number", "shown"),
    [
        ("local", 59, "0:00:59"),
        ("long_distance", 360_000, "100:00:00"),
        ("data", 1_023, "1023 KB"),
        ("data", 1_536, "1.50 MB"),
        ("data", 3 * 1024 * 1024, "3.00 GB"),
        ("rental", 5, ""),
        ("local", 0, ""),
    ],
)
def test_a_quantity_is_shown_in_the_unit_of_its_category(category: str, number: int, shown: str) -> None:
    """Calls as hours, minutes, seconds; data in the unit that fits; nothing for what is not counted."""
    assert quantity(category, number) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812348001", "138****8001"),
        ("075512345678", "0755****5678"),
        ("+86 138 1234 8001", "+86 13* **** 8001"),
        ("10086", "10086"),
        ("95588", "95588"),
        ("1234567", "1****67"),
        ("", ""),
        ("Video plan", "Video plan"),
    ],
)
def test_a_number_is_masked_in_the_middle(number: str, shown: str) -> None:
    """At least four digits are hidden, none of a service number; what is no digit stays."""
    assert masked(number) == shown


@given(st.text(alphabet="0123456789", min_size=7, max_size=32))
def test_a_masked_number_hides_at_least_four_digits_and_never_grows(number: str) -> None:
    """Whatever its length, it cannot be dialled from the bill."""
    shown = masked(number)
    assert len(shown) == len(number)
    assert shown.count("*") >= 4
    assert all(mark in ("*", digit) for mark, digit in zip(shown, number, strict=True))


@given(st.text(max_size=200), st.integers(40, 400))
def test_broken_lines_fit_and_lose_nothing_but_spaces(text: str, room: int) -> None:
    """Every line is as narrow as asked (a single character may be wider), and all marks are there, in order."""
    shown = printable(text)
    lines = breaking.lines(shown, 10, room)
    assert "".join("".join(lines).split()) == "".join(shown.split())
    assert all(width(line, 10) <= room + 0.01 or len(line) == 1 for line in lines)


@given(st.text(alphabet="费用合计，。、；：（）话单账abc 12", max_size=60), st.integers(60, 200))
def test_no_line_begins_with_a_closing_mark(text: str, room: int) -> None:
    """Chinese printing never puts 。，、；：） first on a line, as long as the marks before them leave a choice."""
    for before, line in zip(broken := breaking.lines(text, 10, room), broken[1:], strict=False):
        if line[0] in "，。、；：）":
            assert width(before, 10) > room - 20, "it could have taken a character along"


def test_a_line_keeps_latin_words_whole() -> None:
    """A word goes to the next line; between Chinese characters a line may end anywhere."""
    assert breaking.lines("please bring this page", 10, 70) == ["please bring", "this page"]
    assert breaking.lines("拨打 10086，按 3 键缴费。", 10, 62) == ["拨打 10086，", "按 3 键缴费。"]


def test_a_character_that_the_face_lacks_is_a_square_and_is_reported() -> None:
    """GB 2312 and the rare characters of names are there; what is not is printed as □, never as nothing."""
    assert printable("喆堃淼翀玥昇祎赟犇𬭎㛃") == "喆堃淼翀玥昇祎赟犇𬭎㛃"
    assert printable("王𠮷\n丽😀") == "王□ 丽□"
    assert unknown(["王𠮷", "𠮷\t😀"]) == "𠮷😀"


def test_curly_quotes_are_narrow_where_all_is_latin() -> None:
    """The face draws them as wide as a Chinese character, which tears an English word apart."""
    assert printable("O’Brien “A”") == 'O\'Brien "A"'
    assert printable("选择“生活”") == "选择“生活”"


def test_the_typeface_has_all_of_gb_2312_and_its_licence_beside_it() -> None:
    """Every character of the national standard, and the permission to give the font away."""
    pairs = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    standard = {ord(mark) for pair in pairs for mark in pair.decode("gb2312", "ignore")}
    assert len(standard) == 6_763 and standard <= marks()
    assert FILE.with_name("OFL.txt").read_text(encoding="utf-8").count("SIL OPEN FONT LICENSE") == 1
