"""Bills to draw: a usual one in each language, and as many lines as a test wants, always the same."""

from __future__ import annotations

import random
from typing import Final

from fax.bill import CATEGORIES, BillDocument, BillLine, Issuer, OpenMonth

CHINESE: Final = Issuer(
    name="北极星通信有限公司",
    address="北京市朝阳区望京东路 8 号",
    phone="10086",
    how_to_pay=(
        "手机银行、支付宝或微信：选择“生活缴费”，输入本页的号码。",
        "拨打 10086，按 3 键，用银行卡缴费。",
        "各营业厅，周一至周日 8:30 至 18:00，带上本页即可。",
    ),
)
ENGLISH: Final = Issuer(
    name="Northstar Communications Limited",
    address="8 Wangjing East Road, Chaoyang, Beijing",
    phone="10086",
    how_to_pay=(
        "By mobile banking, Alipay or WeChat: choose “bills”, and enter the number on this page.",
        "By telephone: call 10086, press 3, and pay by bank card.",
        "At any branch, Monday to Sunday, 8:30 to 18:00; please bring this page.",
    ),
)


def lines(count: int, seed: int = 1) -> tuple[BillLine, ...]:
    """So many calls and charges of October 2026, with one credit and one free call among the first."""
    chance = random.Random(seed)
    found = [
        BillLine(at="2026-10-01 00:00:00", category="rental", number="", quantity=0, amount=5_900),
        BillLine(at="2026-10-05 10:00:00", category="value_added", number="", quantity=0, amount=-500),
        BillLine(at="2026-10-06 08:15:40", category="local", number="10010", quantity=48, amount=0),
    ]
    while len(found) < count:
        category = chance.choices(("local", "long_distance", "data", "value_added"), (12, 6, 5, 1))[0]
        found.append(_line(category, chance))
    return tuple(found[:count])


def _line(category: str, chance: random.Random) -> BillLine:
    hour, minute, second = chance.randint(7, 22), chance.randrange(60), chance.randrange(60)
    at = f"2026-10-{chance.randint(1, 31):02d} {hour:02d}:{minute:02d}:{second:02d}"
    if category == "local":
        number, quantity = f"13{chance.randrange(10**9):09d}", chance.randint(5, 1_800)
        return BillLine(at=at, category=category, number=number, quantity=quantity, amount=15 * (1 + quantity // 60))
    if category == "long_distance":
        number, quantity = f"0755{chance.randrange(10**8):08d}", chance.randint(5, 5_400)
        return BillLine(at=at, category=category, number=number, quantity=quantity, amount=30 * (1 + quantity // 60))
    quantity = chance.randint(100, 900_000) if category == "data" else 0
    return BillLine(at=at, category=category, number="", quantity=quantity, amount=quantity // 1_000 or 300)


def bill(language: str = "zh-CN", count: int = 24, **other: object) -> BillDocument:
    """A bill of October 2026 with so many lines, whose categories add up from them."""
    charged = lines(count)
    sums = {name: sum(line.amount for line in charged if line.category == name) for name in CATEGORIES}
    usual: dict[str, object] = {
        "language": language,
        "issuer": CHINESE if language == "zh-CN" else ENGLISH,
        "currency": "CNY",
        "name": "李静",
        "number": "13800138001",
        "account": "1001",
        "month": "2026-10",
        "issued": "2026-11-23",
        "job": "40721",
        "categories": tuple(sums.items()),
        "total": sum(sums.values()),
        "due": "2026-11-20",
        "lines": charged,
        "arrears": (),
    }
    return BillDocument(**{**usual, **other})  # type: ignore[arg-type]


ARREARS: Final = (
    OpenMonth(month="2026-08", amount=8_850, due="2026-09-20"),
    OpenMonth(month="2026-09", amount=12_803, due="2026-10-20"),
)
