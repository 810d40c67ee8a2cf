"""The demonstration operator: the same for the same seed, quick to make, and as described."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import text

from crm_bridge import demo
from crm_bridge.database import Limits, engine_for
from crm_bridge.judging import judge
from tests.doubles.bridges import fact, own_bridge


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """What the database says."""
    engine = engine_for(url, Limits())
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def test_ten_thousand_customers_in_seconds(tmp_path: Path) -> None:
    """Under 20 s; some without a password, some in arrears, some closed; parts add up; paid bills have a payment."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    start = time.monotonic()
    steps: list[int] = []
    demo.seed(url, demo.Seeding(10_000), lambda done, _: steps.append(done))
    assert time.monotonic() - start < 20
    assert steps[-1] == 10_000 and len(steps) >= 5
    [(customers,)] = rows(url, "SELECT count(*) FROM customers")
    [(closed,)] = rows(url, "SELECT count(*) FROM customers WHERE status = 'closed'")
    [(owing,)] = rows(url, "SELECT count(DISTINCT customer) FROM bills WHERE paid < total AND month < '2026-10'")
    [(secured,)] = rows(url, "SELECT count(*) FROM passwords")
    assert (customers, 100 < closed < 1000, 500 < owing < 3000, 6000 < secured < 7000) == (10_000, True, True, True)
    assert rows(url, "SELECT 1 FROM bills WHERE rental+local+long_distance+data+value_added <> total") == []
    assert rows(url, "SELECT sum(paid) FROM bills") == rows(url, "SELECT sum(sum) FROM payments")


def test_the_same_seed_makes_the_same_operator(url: str, tmp_path: Path) -> None:
    """On SQLite and PostgreSQL; again over old data; another seed makes another."""
    what = "SELECT * FROM bills ORDER BY customer, month"
    demo.seed(url, demo.Seeding(60))
    first = rows(url, what)
    demo.seed(url, demo.Seeding(60))
    assert rows(url, what) == first
    other = f"sqlite:///{tmp_path / 'other.db'}"
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

    for number in (*range(5), 6, 9):
        phone, password = demo.phone_of(number), demo.password_of(number, 1)
        found = (await bridge.ask("find_customer", phone=phone)).outcome
        assert found == ("password_needed" if demo.has_password(number) else "no_password")
        if demo.has_password(number):
            answer = await bridge.ask("check_password", f"c{number}", phone=phone, password=Secret(password))
            assert answer.outcome == "right"
    assert all(judge(shown.password, shown.phone) == "fine" for shown in demo.SHOWN if shown.password)
    await bridge.stop()
