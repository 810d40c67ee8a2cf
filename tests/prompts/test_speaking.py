"""How values are spoken: golden tables, two oracles over tens of thousands of numbers, and the inventory's promise."""

from __future__ import annotations

import random

import cn2an
import num2words
import pytest

from prompts import speaking, speaking_en, speaking_zh
from prompts.speaking import Unspeakable, speak, spelled

ZH, EN = "zh-CN", "en-US"
NUMBERS = [*range(20_000), *(random.Random(7).randrange(10 ** (5 + n % 8)) for n in range(8_000))]

MONEY_ZH = {
    0: "零元", 1: "一分", 2: "两分", 5: "五分", 10: "一角", 20: "两角", 22: "两角二分", 99: "九角九分",
    100: "一元", 101: "一元零一分", 105: "一元零五分", 120: "一元二角", 200: "两元", 202: "两元零二分",
    220: "两元二角", 1000: "十元", 1020: "十元二角", 1200: "十二元", 1505: "十五元零五分", 2000: "二十元",
    2022: "二十元二角二分", 10000: "一百元", 10200: "一百零二元", 11000: "一百一十元", 11500: "一百一十五元",
    12345: "一百二十三元四角五分", 20000: "两百元", 20002: "两百元零二分", 22000: "两百二十元",
    22200: "两百二十二元", 100000: "一千元", 100101: "一千零一元零一分", 101000: "一千零一十元",
    200000: "两千元", 220000: "两千二百元", 1000000: "一万元", 1001000: "一万零一十元",
    1234567: "一万两千三百四十五元六角七分",
    2222200: "两万两千二百二十二元", 12000000: "十二万元", 100000000: "一百万元", 20000000200: "两亿零二元",
    -500: "负五元", 10**12: "一百亿元",
}  # fmt: skip
MONEY_EN = {
    0: "zero dollars", 1: "one cent", 2: "two cents", 20: "twenty cents", 99: "ninety-nine cents",
    100: "one dollar", 101: "one dollar and one cent", 105: "one dollar and five cents", 200: "two dollars",
    1100: "eleven dollars", 10000: "one hundred dollars", 10100: "one hundred one dollars",
    12345: "one hundred twenty-three dollars and forty-five cents",
    12850: "one hundred twenty-eight dollars and fifty cents",
    100000: "one thousand dollars", 20000000: "two hundred thousand dollars", 200000000: "two million dollars",
    123456789: "one million two hundred thirty-four thousand five hundred sixty-seven dollars "
    "and eighty-nine cents",
    -501: "minus five dollars and one cent", 10**12: "ten billion dollars",
}  # fmt: skip
OTHERS = [
    ("month", "2026-10", ZH, "二零二六年十月"),
    ("month", "2026-02", ZH, "二零二六年二月"),
    ("month", "2026-10", EN, "October twenty twenty-six"),
    ("month", "1999-12", ZH, "一九九九年十二月"),
    ("month", "2009-12", EN, "December two thousand nine"),
    ("date", "2026-11-23", ZH, "二零二六年十一月二十三日"),
    ("date", "2026-11-02", ZH, "二零二六年十一月二日"),
    ("date", "2026-11-23", EN, "November twenty-third twenty twenty-six"),
    ("date", "1905-03-01", EN, "March first nineteen oh-five"),
    ("date", "1900-12-12", EN, "December twelfth nineteen hundred"),
    ("date", "2024-02-29", EN, "February twenty-ninth twenty twenty-four"),
    ("time", "09:00", ZH, "上午九点"),
    ("time", "14:05", ZH, "下午两点零五分"),
    ("time", "18:30", ZH, "晚上六点三十分"),
    ("time", "12:00", ZH, "中午十二点"),
    ("time", "00:00", ZH, "凌晨零点"),
    ("time", "24:00", ZH, "夜里二十四点"),
    ("time", "09:00", EN, "nine a.m."),
    ("time", "14:05", EN, "two oh-five p.m."),
    ("time", "12:00", EN, "twelve noon"),
    ("time", "00:00", EN, "twelve midnight"),
    ("time", "12:30", EN, "twelve thirty p.m."),
    ("digits", "1", ZH, "一"),
    ("digits", "#", ZH, "井号键"),
    ("digits", "*", ZH, "星号键"),
    ("digits", "#", EN, "pound key"),
    ("digits", "10", ZH, "一零"),
    ("phone", "13800138000", ZH, "幺三八 零零幺三 八零零零"),
    ("phone", "13800138000", EN, "one three eight, zero zero one three, eight zero zero zero"),
    ("phone", "2125550123", EN, "two one two, five five five, zero one two three"),
    ("phone", "02112345678", ZH, "零二幺 幺二三四 五六七八"),
    ("phone", "075512345678", ZH, "零七五五 幺二三四 五六七八"),
    ("digits", "5551234", EN, "five five five, one two three four"),
    ("count", 1, ZH, "一"),
    ("count", 2, ZH, "两"),
    ("count", 12, ZH, "十二"),
    ("count", 102, ZH, "一百零二"),
    ("count", 2, EN, "two"),
    ("count", 0, EN, "zero"),
]


@pytest.mark.parametrize(("fen", "words"), MONEY_ZH.items())
def test_yuan_are_spoken_as_people_say_them(fen: int, words: str) -> None:
    """零, 两, 角 and 分 stand where a Mandarin speaker puts them."""
    assert spelled(speak("money", fen, ZH, "CNY"), ZH) == words


@pytest.mark.parametrize(("cents", "words"), MONEY_EN.items())
def test_dollars_are_spoken_as_people_say_them(cents: int, words: str) -> None:
    """One dollar and one cent are singular; "and" comes only before the cents."""
    assert spelled(speak("money", cents, EN, "USD"), EN) == words


def test_each_currency_is_spoken_in_each_language() -> None:
    """Yuan in English, US dollars in Mandarin."""
    assert spelled(speak("money", 12345, EN, "CNY"), EN) == "one hundred twenty-three yuan and forty-five fen"
    assert spelled(speak("money", 12345, ZH, "USD"), ZH) == "一百二十三美元四十五美分"
    assert spelled(speak("money", 205, ZH, "USD"), ZH) == "两美元零五美分"


@pytest.mark.parametrize(("kind", "value", "language", "words"), OTHERS)
def test_other_kinds_are_spoken_as_people_say_them(kind: str, value: object, language: str, words: str) -> None:
    """Months, dates, times, keys, telephone numbers and counts."""
    assert spelled(speak(kind, value, language), language) == words


def test_every_mandarin_number_is_what_cn2an_says() -> None:
    """28,000 numbers agree with an independent library, 两 folded to 二.

    cn2an drops the 零 of an empty 万 group before a full thousand (六十九亿二千四百), where the school rule reads it.
    """
    for number in NUMBERS:
        ours, theirs = "".join(speaking_zh.cardinal(number)).replace("两", "二"), cn2an.an2cn(number)
        if number >= 10**8 and number // 10_000 % 10_000 == 0 and number % 10_000 >= 1000:
            ours = ours.replace("亿零", "亿")
        assert ours == theirs, number


def test_every_english_number_is_what_num2words_says() -> None:
    """28,000 numbers agree with an independent library, its "and" and commas left out."""
    for number in NUMBERS:
        theirs = num2words.num2words(number).replace(" and", "").replace(",", "")
        assert " ".join(speaking_en.cardinal(number)) == theirs, number


def test_every_year_and_day_is_what_num2words_says() -> None:
    """Years 1000 to 2999 and the days of a month, "and" left out, "oh-five" for num2words' "oh-five"."""
    for number in range(1100, 2999):
        assert " ".join(speaking_en.year(number)) == num2words.num2words(number, to="year").replace(" and", ""), number
    for day in range(1, 32):
        assert speaking_en.ordinal(day) == num2words.num2words(day, to="ordinal")


def test_money_in_yuan_is_its_whole_and_its_small_part() -> None:
    """For 8,000 amounts the words are the number's words, 元, and the tens and ones of fen."""
    for amount in NUMBERS[::3]:
        whole, jiao, fen = amount // 100, amount // 10 % 10, amount % 10
        digits = "零一二三四五六七八九"
        expected = cn2an.an2cn(whole) + "元" if whole or not (jiao or fen) else ""
        expected += digits[jiao] + "角" if jiao else "零" if whole and fen else ""
        expected += digits[fen] + "分" if fen else ""
        said = spelled(speak("money", amount, ZH, "CNY"), ZH).replace("两", "二")
        if whole < 10**8:
            assert said == expected, amount


@pytest.mark.parametrize("currency", speaking.CURRENCIES)
@pytest.mark.parametrize("language", [ZH, EN])
def test_every_spoken_word_was_rendered_in_advance(language: str, currency: str) -> None:
    """Whatever is spoken is in the finite inventory, so that no call waits for a speech engine."""
    there, mark = set(speaking.inventory(language, currency)), speaking.marks(language)[0]
    days = [
        f"{year}-{month:02}-{day:02}"
        for year in (1999, 2005, 2026, 2100)
        for month in range(1, 13)
        for day in (1, 2, 20, 28)
    ]
    times = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]
    values = [("money", sign * n) for n in NUMBERS for sign in (1, -1)] + [("count", n) for n in NUMBERS]
    values += (
        [("date", day) for day in days] + [("month", day[:7]) for day in days] + [("time", each) for each in times]
    )
    values += [("phone", str(n)) for n in NUMBERS] + [("digits", key) for key in "0123456789*#"]
    for kind, value in values:
        for group in speak(kind, value, language, currency):
            for word in group:
                assert word + mark in there, (kind, value, word)


@pytest.mark.parametrize("language", [ZH, EN])
def test_A18_every_number_piece_can_be_said_in_smaller_pieces(language: str) -> None:
    """The parts that stand in for a lost piece are in the inventory, too."""
    mark = speaking.marks(language)[0]
    there = set(speaking.inventory(language, "CNY"))
    whole = {*speaking.rules(language).KEYS.values(), *(name for _, name in speaking_zh.PARTS_OF_DAY)}
    for word in speaking.rules(language).inventory("CNY"):
        if word not in whole:
            assert all(part + mark in there for part in speaking.smaller(word, language)), word


def test_a_date_that_is_none_is_refused() -> None:
    """Wrong values are never read out."""
    wrong = [
        ("money", 10**12 + 1),
        ("money", 1.5),
        ("money", True),
        ("money", "12"),
        ("money", None),
        ("count", 10**13),
    ]
    wrong += [("date", "2026-02-30"), ("month", "2026-13"), ("time", "25:00"), ("time", "24:01"), ("time", "9:00")]
    wrong += [("digits", ""), ("digits", "12a"), ("digits", "1" * 65), ("text", "x"), ("secret", "1")]
    for kind, value in wrong:
        for language in (ZH, EN):
            with pytest.raises(Unspeakable):
                speak(kind, value, language)
    with pytest.raises(Unspeakable):
        speak("count", 1, "fr-FR")
