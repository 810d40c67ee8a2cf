"""``make pbx`` has a fax machine in a box: a bill that is asked for arrives there, with no line and no setting."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from crm_bridge import fax_jobs
from crm_bridge.demo import SHOWN
from ivr_server.faxing.spool import Spool
from ivr_server.pbx.plan import UDP, port_or_free
from tests.live.fax_exchange import same, sheets, wait_until
from tests.live.product import PROGRAM, Product, installation

pytestmark = pytest.mark.live


@pytest.fixture
def running() -> Iterator[Product]:
    """The product and an Asterisk beside it, as the command runs them."""
    with installation() as product:
        sip = f"127.0.0.1:{port_or_free(0, UDP)}"
        command = [PROGRAM, "pbx", "--settings", str(product.folder / "settings.yaml"), "--sip", sip]
        with (product.folder / "pbx-output").open("wb") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
        try:
            words = product.folder / "pbx-output"
            wait_until(lambda: "Ctrl-C stops everything" in words.read_text(errors="replace"), "it runs", 120)
            yield product
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(40)


def test_a_bill_arrives_in_the_box(running: Product) -> None:
    """Asked for at the command line; the paper in the box is the bill, dot for dot."""
    settings = running.settings
    (month,) = running.rows("select max(month) from bills where customer = 1")[0]
    wish = ["--customer", SHOWN[0].phone, "--month", month, "--reason", "a test"]
    command = [PROGRAM, "fax", "--settings", str(running.folder / "settings.yaml"), "send", "01062345678", *wish]
    assert subprocess.run(command, check=False).returncode == 0
    engine = create_engine(settings.database_url())

    def sent() -> bool:
        with engine.connect() as connection:
            row = fax_jobs.job(connection, 1)
        return row is not None and row.state == "sent"

    wait_until(sent, "the bill is sent", 120)
    spool = Spool(settings.fax_folder)
    (paper,) = (spool.root / "received").glob("*.tif*")
    pairs = zip(sheets(paper), sheets(spool.document(1) / "bill.tiff"), strict=True)
    assert all(same(*pair) for pair in pairs)
