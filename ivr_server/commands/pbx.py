"""``ivr-server pbx``: a real Asterisk beside the product, so that a softphone can dial in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from crm_bridge.demo import SHOWN
from ivr_server import whereabouts
from ivr_server.faxing.spool import Spool
from ivr_server.pbx import fetch, running
from ivr_server.pbx.config import CannotWrite
from ivr_server.pbx.plan import OUTSIDE_BOX, UDP, Plan, Ports, from_settings, listening, own_address, port_or_free
from ivr_server.pbx.renewing import Renewer
from ivr_server.settings import WEB_PORT, Settings, read_settings
from marked_yaml import Mistakes

PREPARED_WITHIN_S = 900.0  # the first start makes customers and renders prompts


@click.command("pbx")
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.option("--sip", default="127.0.0.1:5060", show_default=True, help="UDP; 0.0.0.0:5060 lets your network in.")
def command(path: Path | None, sip: str) -> None:
    """Run Asterisk (fetched when there is none) with the generated configuration, and the product if it is not up.

    Example: ivr-server pbx --sip 0.0.0.0:5060
    """
    try:
        settings = read_settings(path)
        installed = fetch.find(click.echo)
        plan = _plan(settings, installed, listening(sip))
        with _announced(settings, plan), _product(settings, path) as agi_port:
            plan = replace(plan, agi=f"{plan.agi.rpartition(':')[0]}:{agi_port}")
            _serve(plan, settings, path)
    except Mistakes as wrong:
        raise click.ClickException("\n" + "\n".join(map(str, wrong.problems))) from None
    except (fetch.NoAsterisk, running.DidNotStart, CannotWrite, OSError, ValueError) as fault:
        raise click.ClickException(str(fault)) from None


def _plan(settings: Settings, installed: fetch.Installed, ports: Ports) -> Plan:
    plan = from_settings(settings, settings.folder / "asterisk" / "etc", SHOWN[0].phone)
    run = settings.folder / "asterisk" / "run"
    if len(str(run / "asterisk.ctl")) > running.SOCKET_PATH_LIMIT:
        run = Path(tempfile.mkdtemp(prefix="ivr-asterisk-"))
    free = replace(
        ports,
        sip=port_or_free(ports.sip, UDP, ports.bind),
        ami=port_or_free(ports.ami),
        http=port_or_free(ports.http),
        rtp_first=20_000,
        rtp_last=29_999,
    )
    outside = plan.outside if plan.outside.channel else replace(plan.outside, channel=OUTSIDE_BOX)
    return replace(plan, run=run, installed=installed, ports=free, outside=outside)


@contextmanager
def _announced(settings: Settings, plan: Plan) -> Iterator[None]:
    """The product learns where this Asterisk's manager interface is, and that faxes go into the box."""
    Spool(settings.fax_folder).prepare()
    if plan.recordings is not None:
        plan.recordings.mkdir(parents=True, exist_ok=True)
    ports = plan.ports
    logs = plan.run / "log" if plan.run else None
    whereabouts.write_asterisk(settings.folder, ports.ami, ports.http, box=not settings.fax.channel, logs=logs)
    try:
        yield
    finally:
        whereabouts.forget_asterisk(settings.folder)


@contextmanager
def _product(settings: Settings, path: Path | None) -> Iterator[int]:
    """The AGI port of the running product; one that we started ourselves ends with us."""
    started = None
    if whereabouts.agi_port(settings.folder) is None:
        environment = {**os.environ, "IVR_SETTINGS": str(path.resolve())} if path else dict(os.environ)
        program = str(Path(sys.executable).with_name("ivr-server"))
        started = subprocess.Popen([program, "run"], env=environment, start_new_session=True)
    try:
        yield _wait_for_port(settings, started)
    finally:
        if started is not None:
            started.terminate()
            started.wait()


def _wait_for_port(settings: Settings, started: subprocess.Popen[bytes] | None) -> int:
    until = time.monotonic() + PREPARED_WITHIN_S
    while time.monotonic() < until:
        port = whereabouts.agi_port(settings.folder)
        if port is not None:
            return port
        if started is not None and started.poll() is not None:
            break
        time.sleep(0.2)
    raise running.DidNotStart("the product did not start; its reason stands above")


def _serve(plan: Plan, settings: Settings, path: Path | None) -> None:
    stopped = _stop_signals()
    asterisk = running.start(plan)
    try:
        renewer = Renewer(asterisk, plan, settings)
        renewer.begin()
        _explain(plan, settings, path)
        while asterisk.alive() and not stopped():
            renewer.look()
            time.sleep(0.2)
        if not stopped():
            raise running.DidNotStart(f"Asterisk ended by itself; its last words are in {asterisk.log}")
        click.echo("Stopping.")
    finally:
        asterisk.stop()


def _stop_signals() -> Callable[[], bool]:
    seen: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _frame: seen.append(caught))
    return lambda: bool(seen)


def _explain(plan: Plan, settings: Settings, path: Path | None) -> None:
    host = own_address() if plan.ports.bind == "0.0.0.0" else plan.ports.bind
    address = f"{host}:{plan.ports.sip}"
    version = plan.installed.version if plan.installed else ""
    click.echo(f"\nAsterisk {version} takes calls. In any softphone, add a SIP account (UDP):")
    for phone, use in [*((one, f"then dial {plan.number}") for one in plan.phones)]:
        click.echo(f"  server {address}   user {phone.name}   password {phone.password}   {use}")
    _explain_the_desk(plan, settings, path)
    if plan.ports.bind == "127.0.0.1":
        click.echo("Only this machine can dial in; with --sip 0.0.0.0:5060 telephones of your network can too.")
    if not settings.fax.channel:
        click.echo(f"Bills by fax, asked for in a call, arrive in {settings.fax_folder / 'received'}")
    shown = ", ".join(f"{one.phone} ({one.what})" for one in SHOWN[:2])
    click.echo(f"Customers to try: {shown}; password of the first: {SHOWN[0].password}. Ctrl-C stops everything.\n")


def _explain_the_desk(plan: Plan, settings: Settings, path: Path | None) -> None:
    """How to be the person who answers: in the browser, or with a telephone on the desk beside it."""
    program = f"{Path(sys.executable).with_name('ivr-server')} staff" + (
        f" --settings {path.resolve()}" if path else ""
    )
    host, port = whereabouts.web(settings.folder) or (settings.web.host, settings.web.port or WEB_PORT)
    click.echo(f"To be an agent, open http://{host}:{port}/desk in a browser. An account is made by")
    click.echo(f"  {program} add NAME --role agent")
    click.echo("At the desk, ring in the browser, or on a telephone that signs in with one of these:")
    for one in plan.telephones:
        click.echo(f"  server {plan.ports.bind}:{plan.ports.sip}   user {one.name}   password {one.password}")
