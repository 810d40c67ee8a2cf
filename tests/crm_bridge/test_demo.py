"""The demonstration operator: the same for the same seed, quick to make, and as described."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import text

from crm_bridge import demo
from crm_bridge.database import Limits, engine_for
from crm_bridge.itemising import charges_of
from crm_bridge.judging import judge
from crm_bridge.months import shifted
from crm_bridge.schema import PARTS
from tests.doubles.bridges import fact, own_bridge

LISTED_WRONGLY = """
    SELECT 1 FROM bills JOIN (
        SELECT customer AS whose, month AS whichever, sum(CASE WHEN part = 'rental' THEN amount ELSE 0 END) AS rent,
               sum(CASE WHEN part = 'local' THEN amount ELSE 0 END) AS near,
               sum(CASE WHEN part = 'long_distance' THEN amount ELSE 0 END) AS far,
               sum(CASE WHEN part = 'data' THEN amount ELSE 0 END) AS kilobytes,
               sum(CASE WHEN part = 'value_added' THEN amount ELSE 0 END) AS more
        FROM charges GROUP BY customer, month
    ) AS listed ON customer = whose AND month = whichever
    WHERE (rental, local, long_distance, data, value_added) <> (rent, near, far, kilobytes, more)
"""


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """What the database says."""
    engine = engine_for(url, Limits())
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def test_ten_thousand_customers_in_seconds(tmp_path: Path) -> None:
    """Under 20 s of CPU and 60 MB; some have no password, owe, are closed; parts add up; what is paid has a payment."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    start = time.process_time()
    steps: list[int] = []
    demo.seed(url, demo.Seeding(10_000), lambda done, _: steps.append(done))
    assert time.process_time() - start < 20
    assert (tmp_path / "own.db").stat().st_size < 60_000_000
    assert steps[-1] == 10_000 and len(steps) >= 5
    [(customers,)] = rows(url, "SELECT count(*) FROM customers")
    [(closed,)] = rows(url, "SELECT count(*) FROM customers WHERE status = 'closed'")
    [(owing,)] = rows(url, "SELECT count(DISTINCT customer) FROM bills WHERE paid < total AND month < '2026-10'")
    [(secured,)] = rows(url, "SELECT count(*) FROM passwords")
    assert (customers, 100 < closed < 1000, 500 < owing < 3000, 6000 < secured < 7000) == (10_000, True, True, True)
    assert rows(url, "SELECT 1 FROM bills WHERE rental+local+long_distance+data+value_added <> total") == []
    assert rows(url, "SELECT sum(paid) FROM bills") == rows(url, "SELECT sum(sum) FROM payments")
    assert rows(url, LISTED_WRONGLY) == []
    [(lines, listed)] = rows(url, "SELECT count(*), count(DISTINCT customer || month) FROM charges")
    assert listed > 19_000 and 15 < int(str(lines)) / int(str(listed)) < 30


def test_the_same_seed_makes_the_same_operator(url: str, tmp_path: Path) -> None:
    """On SQLite and PostgreSQL; again over old data; another seed makes another."""
    other = f"sqlite:///{tmp_path / 'other.db'}"
    for what in ("SELECT * FROM bills ORDER BY 1, 2", "SELECT * FROM charges ORDER BY 1, 2, 3"):
        demo.seed(url, demo.Seeding(60))
        first = rows(url, what)
        demo.seed(url, demo.Seeding(60))
        assert rows(url, what) == first
        demo.seed(other, demo.Seeding(60))
        assert rows(other, what) == first
        demo.seed(other, demo.Seeding(60, seed=2))
        assert rows(other, what) != first


@fact
async def test_the_fixed_customers_are_as_described(tmp_path: Path) -> None:
    """Arrears, none, closed, no bills, a credit; their passwords are not trivial and are right."""
    bridge = own_bridge(f"sqlite:///{tmp_path / 'own.db'}")
    demo.seed(f"sqlite:///{tmp_path / 'own.db'}", demo.Seeding(50))
    names = ("arrears", "recent_months", "total_owed")
    told = [[(await bridge.ask(name, customer=str(n))).outcome for name in names] for n in range(1, 6)]
    assert told == [
        ["some", "some", "owed"],
        ["none", "some", "owed"],
        ["some", "some", "owed"],
        ["none", "none", "nothing"],
        ["none", "some", "credit"],
    ]
    from crm_bridge.secret import Secret

    for number in (*range(len(demo.SHOWN)), 7, 9):
        phone, password = demo.phone_of(number), demo.password_of(number, 1)
        found = (await bridge.ask("find_customer", phone=phone)).outcome
        assert found == ("password_needed" if demo.has_password(number) else "no_password")
        if demo.has_password(number):
            answer = await bridge.ask("check_password", f"c{number}", phone=phone, password=Secret(password))
            assert answer.outcome == "right"
    assert all(judge(shown.password, shown.phone) == "fine" for shown in demo.SHOWN if shown.password)
    await bridge.stop()


@fact
async def test_which_bills_are_itemised(tmp_path: Path) -> None:
    """All of the fixed customers', the newest two of the others; as the look-ups check them, none in the future."""
    bridge = own_bridge(f"sqlite:///{tmp_path / 'own.db'}")
    demo.seed(f"sqlite:///{tmp_path / 'own.db'}", demo.Seeding(20, days=9))
    for number in range(1, 21):
        span = (await bridge.ask("recent_months", customer=str(number))).facts
        if not span:
            continue
        newest = str(span["this_month"][1])
        for back in range(4):
            month = shifted(newest, -back)
            found = await bridge.look_ups.itemised(str(number), month, "c")
            if found is None:
                assert month < str(span["first_month"][1])
                continue
            listed = number <= len(demo.SHOWN) or back < 2
            assert bool(found.charges) == (listed and found.bill.total > 0)
            assert all(one.at <= f"{month}-09 23:59:59" for one in found.charges)
    await bridge.stop()


@fact
async def test_bills_on_paper_of_every_kind(tmp_path: Path) -> None:
    """A company with a long name and thousands of charges; a month without any; a charge that was given back."""
    bridge = own_bridge(f"sqlite:///{tmp_path / 'own.db'}")
    demo.seed(f"sqlite:///{tmp_path / 'own.db'}", demo.Seeding(7))
    company = await bridge.look_ups.faxable("6", "2026-11", "c")
    assert company and len(company.charges) > 3_900 and len(company.name) > 25
    odd = [await bridge.look_ups.faxable("7", month, "c") for month in ("2026-11", "2026-10", "2026-09")]
    assert [bool(one and one.charges) for one in odd] == [True, False, True]
    assert [min((charge.amount for charge in one.charges), default=0) < 0 for one in odd if one] == [False, False, True]
    await bridge.stop()


@pytest.mark.parametrize("total", [0, 1, 2, 3, 50, 1_000_000])
def test_any_sum_is_split_to_the_fen(total: int) -> None:
    """Nothing, one fen, fewer fen than calls, a fortune: each charge is above zero and they add up."""
    bill = (7, "2026-11", "2026-12-20", *([total] * 5), 5 * total, 0, 0, "CNY")
    found = charges_of(bill, 1)
    assert all(row[-1] > 0 for row in found)
    assert [sum(row[-1] for row in found if row[4] == part) for part in PARTS] == [total] * 5
    assert [row[2] for row in found] == list(range(1, len(found) + 1))
