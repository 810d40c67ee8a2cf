"""``ivr-server bridge``: tries the look-ups on a live database; shows a schema's version and upgrades it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge.answers import Answer, LookUpFault
from crm_bridge.asking import LookUps
from crm_bridge.database import Limits, engine_for
from crm_bridge.hashing import Hashing
from crm_bridge.numbering import Numbering
from crm_bridge.room import Rules
from crm_bridge.versions import OtherSchema, upgrade
from ivr_server.chosen import chosen_settings
from ivr_server.listing import Listing
from ivr_server.once import desk_of, in_reactor
from ivr_server.settings import Settings
from marked_yaml import Mistakes

READING = (
    "offered_number",
    "find_customer",
    "password_state",
    "recent_months",
    "bill",
    "difference",
    "total_owed",
    "arrears",
)


@click.group("bridge", cls=Listing)
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.pass_context
def command(context: click.Context, path: Path | None) -> None:
    """The way to billing: check it, upgrade our own schema.

    Example: ivr-server bridge check --mapping ours.yaml --phone 13800138000
    """
    context.obj = chosen_settings(path)


@command.command()
@click.option(
    "--mapping", "file", type=click.Path(path_type=Path, exists=True), help="The settings' own, if not given."
)
@click.option("--phone", default="13800138000", show_default=True, help="A customer's number to ask about.")
@click.pass_obj
def check(settings: Settings, file: Path | None, phone: str) -> None:
    """Ask every reading look-up of the live database and show the answer or the fault. Nothing is written.

    Exits 1 when any look-up fails.

    Example: ivr-server bridge check --mapping ours.yaml --phone 13800138000
    """
    rules = Rules(Numbering(tuple(settings.operator.numbering)), settings.operator.currency)
    mapping = file or (Path(settings.bridge) if settings.bridge else None)
    failed: list[str] = []
    try:
        in_reactor(lambda reactor: _check((settings, mapping, reactor), rules, phone, failed))
    except Mistakes as mistakes:
        raise click.ClickException("\n" + str(mistakes)) from None
    except ValueError as fault:
        raise click.ClickException(str(fault)) from None
    sys.exit(1 if failed else 0)


@command.command("upgrade")
@click.pass_obj
def upgrade_schema(settings: Settings) -> None:
    """Bring our own schema to this release's version; make a backup before.

    Example: ivr-server bridge upgrade
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    engine = engine_for(settings.database_url(), Limits())
    try:
        with engine.execution_options(write=True).begin() as connection:
            click.echo(f"The schema has version {upgrade(connection)[-1]}.")
    except (SQLAlchemyError, OtherSchema) as fault:
        raise click.ClickException(str(getattr(fault, "orig", None) or fault).splitlines()[0]) from None
    finally:
        engine.dispose()


async def _check(place: tuple[Settings, Path | None, Any], rules: Rules, phone: str, failed: list[str]) -> None:
    settings, mapping, reactor = place
    started, desk = desk_of(settings, mapping, rules, reactor)
    started.start()
    look_ups = LookUps(desk, Hashing(reactor), rules)
    try:
        await _all(look_ups, rules, phone, failed)
    finally:
        await started.stop()


async def _all(look_ups: LookUps, rules: Rules, phone: str, failed: list[str]) -> None:
    given: dict[str, Any] = {"phone": phone, "caller": phone}
    try:
        customer = await look_ups.customer(rules.numbering.national(phone), "check")
        given["customer"] = customer.id if customer else ""
        click.echo(f"{'customer':<16} {customer.id if customer else 'nobody has this number'}")
    except LookUpFault as fault:
        failed.append("customer")
        click.echo(f"{'customer':<16} FAULT {fault}")
    for name in READING:
        needs = {need: given[need] for need in look_ups.signatures[name].needs if given.get(need)}
        if len(needs) < len(look_ups.signatures[name].needs):
            click.echo(f"{name:<16} not asked: there is nothing to ask about")
            continue
        await _one(look_ups, name, needs, (given, failed))
    if given.get("month"):
        await _itemised(look_ups, (given["customer"], given["month"]), failed)


async def _itemised(look_ups: LookUps, bill: tuple[str, str], failed: list[str]) -> None:
    try:
        found = await look_ups.faxable(*bill, "check")
    except LookUpFault as fault:
        failed.append("charges")
        click.echo(f"{'charges':<16} FAULT {fault}")
        return
    count = len(found.charges) if found else 0
    holder = ", ".join(filter(None, (found.name, found.phone))) if found else ""
    click.echo(f"{'charges':<16} {count or 'no'} single charges in {bill[1]}, for {holder or 'nobody named'}")


async def _one(look_ups: LookUps, name: str, needs: dict[str, Any], kept: tuple[dict[str, Any], list[str]]) -> None:
    given, failed = kept
    try:
        answer = await look_ups.ask(name, needs, "check")
    except LookUpFault as fault:
        failed.append(name)
        click.echo(f"{name:<16} FAULT {fault}")
        return
    if name == "recent_months" and answer.outcome == "some":
        given["month"] = answer.facts["this_month"][1]
    click.echo(f"{name:<16} {_words(answer)}")


def _words(answer: Answer) -> str:
    return " ".join([answer.outcome, *(f"{name}={_plain(value)}" for name, (_, value) in answer.facts.items())])


def _plain(value: Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    said = (f"{prompt}({', '.join(str(fact[1]) for fact in slots.values())})" for prompt, slots in value)
    return "[" + ", ".join(said) + "]"
