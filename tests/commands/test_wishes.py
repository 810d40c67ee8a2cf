"""``ivr-server wishes``: what callers asked for, a line each."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import Connection

from crm_bridge.database import Limits, engine_for
from crm_bridge.ledger import Letter, OwnLedger
from crm_bridge.versions import prepare
from ivr_server.commands.wishes import command

LETTERS = (
    ("call_back", '{"call": "1.1", "number": "13800138000", "queue": "service"}'),
    ("fax_bill", '{"call": "1.2", "customer": "C-77", "month": "2026-10"}'),
)


def post(connection: Connection) -> None:
    """One wish of each kind."""
    prepare(connection)
    for number, (intent, content) in enumerate(LETTERS):
        OwnLedger(connection).post(Letter(str(number), intent, "x", content, 1_795_406_400.0))


def test_each_wish_is_a_line(tmp_path: Path) -> None:
    """Nothing before the first wish; then the newest first, by the operator's clock, and no more than asked for."""
    settings, url = tmp_path / "settings.yaml", f"sqlite:///{tmp_path / 'own.db'}"
    settings.write_text(f"state: {tmp_path / 'state'}\ndatabase: '{url}'\noperator: {{zone: Asia/Shanghai}}\n")
    run = lambda *words: CliRunner().invoke(command, ["--settings", str(settings), *words]).output  # noqa: E731
    assert run() == ""
    with engine_for(url, Limits()).execution_options(write=True).begin() as connection:
        post(connection)
    fax = "2026-11-23 12:00:00\tbill by fax\tcustomer C-77\t2026-10\t1.2\n"
    assert run() == fax + "2026-11-23 12:00:00\tcall-back\t13800138000\tservice\t1.1\n"
    assert run("--most", "1") == fax
