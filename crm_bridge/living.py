"""Where the customers of the demonstration live, what they have and what they signed: invented, the same each time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

from crm_bridge.months import shifted

Row = tuple[Any, ...]
CITIES: Final = (  # city, its districts, its streets
    ("北京市", ("海淀区", "朝阳区", "西城区", "丰台区"), ("学院路", "建国路", "月坛南街", "方庄路", "知春路")),
    ("上海市", ("浦东新区", "徐汇区", "静安区", "杨浦区"), ("世纪大道", "漕溪北路", "南京西路", "四平路", "张杨路")),
    ("广东省广州市", ("天河区", "越秀区", "海珠区"), ("体育西路", "东风中路", "江南大道", "天河路")),
    ("四川省成都市", ("锦江区", "武侯区", "高新区"), ("红星路", "人民南路", "天府大道", "科华北路")),
    ("江苏省南京市", ("鼓楼区", "玄武区", "建邺区"), ("中山北路", "珠江路", "江东中路", "湖南路")),
)
PACKAGES: Final = (
    ("畅享 19 元套餐", "4G"),
    ("畅享 39 元套餐", "5G"),
    ("家庭融合 99 元套餐", "5G 加 300M 宽带"),
    ("家庭融合 169 元套餐", "5G 加 1000M 宽带"),
    ("长辈 29 元套餐", "5G"),
)
COMPANY: Final = ("商企专线 1999 元套餐", "100M 专线加 20 部固话")
EXTRAS: Final = ("家庭宽带 300M 两年约", "终端合约购机 24 期", "固定电话月租", "天翼云盘家庭版", "副卡共享流量")


@dataclass(frozen=True, slots=True)
class Living:
    """Rows in the order of the columns of ``profiles`` and ``contracts``."""

    profile: Row
    contracts: list[Row]


def lived(customer: Row, seed: int, newest: str) -> Living:
    """What belongs to a row of ``customers``; contracts lie around the newest month."""
    number, name = int(customer[0]), str(customer[2])
    chance = random.Random(seed * 7_000_003 + number)
    company = len(name) > 8
    city, districts, streets = chance.choice(CITIES)
    house = f"{chance.randint(1, 199)} 号"
    room = "" if company else f"{chance.randint(1, 24)} 幢 {chance.randint(1, 28)}0{chance.randint(1, 4)} 室"
    address = f"{city}{chance.choice(districts)}{chance.choice(streets)} {house} {room}".strip()
    package, what = COMPANY if company else chance.choice(PACKAGES)
    signed = [_contract(number, 1, f"{package}（{what}）", (chance, newest))]
    count = 2 + chance.randint(0, 1)
    extras = chance.sample(EXTRAS, count - 1) if chance.random() < 0.6 else []
    signed += [_contract(number, place, title, (chance, newest)) for place, title in enumerate(extras, 2)]
    return Living((number, address, f"{package}（{what}）"), signed)


def _contract(customer: int, place: int, title: str, when: tuple[random.Random, str]) -> Row:
    chance, newest = when
    began = shifted(newest, -chance.randint(1, 40))
    months = chance.choice((0, 12, 24, 24, 36))
    day = f"{chance.randint(1, 28):02d}"
    ends = f"{shifted(began, months)}-{day}" if months else ""
    return customer, f"HT{began.replace('-', '')}{customer:07d}{place}", title, f"{began}-{day}", ends
