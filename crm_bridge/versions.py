"""The schema's version: made at the first start, checked at every other one, moved by ``upgrade`` only.

Tables and indices that are missing altogether are made at any start (a room may add its own); a table that changes its
shape needs a step in ``STEPS`` and a higher ``SCHEMA_VERSION``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection, func, insert, inspect, select, text, update

from crm_bridge.schema import SCHEMA_VERSION, metadata, schema_version

STEPS: Final[Mapping[int, Callable[[Connection], None]]] = {}  # version it starts from -> the step to the next one
_ONE_AT_A_TIME: Final = 0x1_4C12  # PostgreSQL advisory lock: two servers may start together


class OtherSchema(Exception):
    """The database has another version of our schema; the text says which, and what to do."""


def version(connection: Connection) -> int | None:
    """The version of the schema in this database, None when it has none yet."""
    if not inspect(connection).has_table(schema_version.name):
        return None
    found = connection.execute(select(func.max(schema_version.c.version))).scalar()
    return None if found is None else int(found)


def prepare(connection: Connection) -> None:
    """Make what is missing; OtherSchema when the database is of another release. Run it as a write."""
    _alone(connection)
    found = version(connection)
    if found is not None and found != SCHEMA_VERSION:
        raise OtherSchema(_advice(found))
    if found is None:
        _must_be_free(connection)
    metadata.create_all(connection)
    for table in metadata.tables.values() if found is not None else ():
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    if found is None:
        connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))


def upgrade(connection: Connection) -> tuple[int, ...]:
    """Take every step to this release's version; the versions passed. OtherSchema when there is no way."""
    _alone(connection)
    found = version(connection)
    start = SCHEMA_VERSION if found is None else found
    if start > SCHEMA_VERSION or any(at not in STEPS for at in range(start, SCHEMA_VERSION)):
        raise OtherSchema(_advice(start))
    for at in range(start, SCHEMA_VERSION):
        STEPS[at](connection)
        connection.execute(update(schema_version).values(version=at + 1))
    prepare(connection)
    return tuple(range(start, SCHEMA_VERSION + 1))


def _must_be_free(connection: Connection) -> None:
    """A table of one of our names, in a database that was never ours, is somebody else's."""
    theirs = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if theirs:
        raise OtherSchema(
            f'the database holds a table "{theirs[0]}" of something else: give this product a database of its own, '
            "and a mapping to read the operator's (ivr-server bridge check)"
        )


def _alone(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})


def _advice(found: int) -> str:
    if found > SCHEMA_VERSION:
        return (
            f"the database has schema version {found}, this release knows {SCHEMA_VERSION}: "
            "start the newer release, or restore the backup that was made before it"
        )
    return (
        f"the database has schema version {found}, this release needs {SCHEMA_VERSION}: run ivr-server bridge upgrade"
    )
