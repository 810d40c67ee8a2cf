"""``ivr-server staff``: the people of the console. A customer's query password is another thing."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge import factors, staff
from crm_bridge.database import Limits, engine_for
from crm_bridge.secret import Secret
from crm_bridge.versions import OtherSchema, prepare
from ivr_server.chosen import chosen_settings
from ivr_server.listing import Listing

T = TypeVar("T")


@click.group("staff", cls=Listing)
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.pass_context
def command(context: click.Context, path: Path | None) -> None:
    """The people who may sign in to the console.

    Example: ivr-server staff add "Li Hua" --role supervisor
    """
    settings = chosen_settings(path)
    settings.folder.mkdir(parents=True, exist_ok=True)
    context.obj = settings.database_url()


@command.command()
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(staff.ROLES), required=True, help="May be given again."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def add(url: str, name: str, roles: tuple[str, ...], password_stdin: bool) -> None:
    """Make an account. Without --password-stdin a password is made and shown once.

    Example: ivr-server staff add "Li Hua" --role supervisor
    """
    password, made = _password(password_stdin)
    person = staff.Person(staff.folded(name), name.strip(), roles)
    _change(url, lambda connection: staff.add_person(connection, person, password, time.time()))
    click.echo(f"{person.shown} may sign in as {', '.join(roles)}.")
    _tell(password, made)


@command.command(name="list")
@click.pass_obj
def list_people(url: str) -> None:
    """Who there is, with their roles, and who has a second factor.

    Example: ivr-server staff list
    """
    for person in _change(url, staff.people):
        guard = "\tsecond factor" if person.guarded else ""
        click.echo(f"{person.shown}\t{', '.join(person.roles)}{guard}")


@command.command(name="reset-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def reset_password(url: str, name: str, password_stdin: bool) -> None:
    """Give a new password, open the lock after too many tries, and end every session of that person.

    Example: ivr-server staff reset-password "Li Hua"
    """
    password, made = _password(password_stdin)
    _change(url, lambda connection: staff.set_password(connection, name, password, time.time()))
    click.echo(f"{name} has a new password; sessions are ended.")
    _tell(password, made)


@command.command()
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(staff.ROLES), required=True, help="May be given again."
)
@click.pass_obj
def roles(url: str, name: str, roles: tuple[str, ...]) -> None:
    """Give other roles; every session of that person ends.

    Example: ivr-server staff roles "Li Hua" --role admin --role agent
    """
    _change(url, lambda connection: staff.set_roles(connection, name, roles, time.time()))
    click.echo(f"{name} is now {', '.join(roles)}; sessions are ended.")


@command.command(name="reset-factor")
@click.argument("name")
@click.pass_obj
def reset_factor(url: str, name: str) -> None:
    """Take the second factor away from who lost telephone and recovery codes; every session of that person ends.

    Example: ivr-server staff reset-factor "Li Hua"
    """
    _change(url, lambda connection: factors.reset(connection, name, time.time()))
    click.echo(f"{name} has no second factor now; sessions are ended. The password alone opens the console.")


def _password(from_stdin: bool) -> tuple[Secret, bool]:
    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\n")), False
    return Secret(secrets.token_urlsafe(12)), True


def _tell(password: Secret, made: bool) -> None:
    if made:
        click.echo(f"Password, shown this once: {password.reveal()}")


def _change(url: str, change: Callable[[Connection], T]) -> T:
    """Carry one change out in one transaction; a click message for what people can mend."""
    try:
        engine = engine_for(url, Limits()).execution_options(write=True)
        with engine.begin() as connection:
            prepare(connection)
            return change(connection)
    except (staff.Unfit, OtherSchema, ValueError) as fault:
        raise click.ClickException(str(fault)) from None
    except SQLAlchemyError as fault:
        raise click.ClickException(f"the database cannot be used: {str(fault).splitlines()[0]}") from None
