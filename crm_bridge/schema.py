"""Our tables. Money: an integer of the smallest unit; an instant: seconds since 1970 UTC; months "YYYY-MM", days ISO.

``customers``, ``profiles``, ``contracts``, ``bills``, ``charges`` and ``payments`` are the operator's side and stay
empty when a mapping reads the operator's own database; all others are ours in either case. ``crm_bridge.staff`` and
other files of this room add their tables to the same ``metadata``.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

SCHEMA_VERSION: Final = 1
PARTS: Final = ("rental", "local", "long_distance", "data", "value_added")

metadata: Final = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False))

customers = Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("phone", String(20), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("status", String(10), nullable=False),  # open | closed
    Column("service_code", String(12), nullable=False),  # on the paper bill; proves identity
    Column("currency", String(3), nullable=False),
    Column("credit", BigInteger, nullable=False, server_default=text("0")),
)

profiles = Table(  # what an agent sees beside the name
    "profiles",
    metadata,
    Column("customer", Integer, primary_key=True, autoincrement=False),
    Column("address", String(200), nullable=False),
    Column("package", String(80), nullable=False),
    sqlite_with_rowid=False,
)

contracts = Table(
    "contracts",
    metadata,
    Column("customer", Integer, primary_key=True, autoincrement=False),
    Column("number", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("began", String(10), nullable=False),
    Column("ends", String(10), nullable=False),  # "": until further notice
    sqlite_with_rowid=False,
)

bills = Table(
    "bills",
    metadata,
    Column("customer", Integer, primary_key=True, autoincrement=False),
    Column("month", String(7), primary_key=True),
    Column("due", String(10), nullable=False),
    *(Column(part, BigInteger, nullable=False) for part in PARTS),
    Column("total", BigInteger),
    Column("paid", BigInteger, nullable=False),
    Column("late_fee", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    sqlite_with_rowid=False,
)

charges = Table(  # single calls and services; those of a month add up to its bill's parts, or there are none
    "charges",
    metadata,
    Column("customer", Integer, primary_key=True, autoincrement=False),
    Column("month", String(7), primary_key=True),  # of the bill it stands on
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("at", String(19), nullable=False),  # "YYYY-MM-DD HH:MM:SS", the operator's local time
    Column("part", String(13), nullable=False),  # one of PARTS
    Column("number", String(32), nullable=False),  # the other party's; "" when there is none
    Column("quantity", BigInteger, nullable=False),  # data: kilobytes; calls: seconds; else 0
    Column("amount", BigInteger, nullable=False),  # below zero: given back
    sqlite_with_rowid=False,
)

payments = Table(
    "payments",
    metadata,
    Column("customer", Integer, primary_key=True, autoincrement=False),
    Column("paid_on", String(10), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("sum", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

passwords = Table(
    "passwords",
    metadata,
    Column("customer", String(40), primary_key=True),
    Column("hash", String(200), nullable=False),
    Column("set_at", Float(53), nullable=False),
)

tries = Table(
    "tries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),  # password | code
    Column("account", String(60), nullable=False),  # the customer's id; "?" and the number when nobody has it
    Column("call", String(80), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("right", Boolean, nullable=False),  # written False before comparing
    Column("forgiven", Boolean, nullable=False),  # identity was proved afterwards
    Index("tries_of_account", "account", "kind", "at"),
    Index("tries_of_call", "call"),
    Index("tries_by_time", "at"),
)

locks = Table(
    "locks",
    metadata,
    Column("account", String(60), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("since", Float(53), nullable=False),
)

languages = Table(
    "languages",
    metadata,
    Column("caller", String(20), primary_key=True),
    Column("language", String(12), nullable=False),
    Column("at", Float(53), nullable=False),
)

effects = Table(
    "effects",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("intent", String(20), nullable=False),
    Column("account", String(60), nullable=False),
    Column("content", String(120), nullable=False),
    Column("call", String(80), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("heard", Boolean, nullable=False),
    Index("effects_of_account", "account", "intent", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(80), nullable=False),
    Column("intent", String(20), nullable=False),
    Column("account", String(60), nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("created", Float(53), nullable=False),
    Column("state", String(10), nullable=False),  # waiting | done | given_up
    Column("tries", Integer, nullable=False),
    Column("worker", String(80), nullable=False),
    Column("leased_until", Float(53), nullable=False),
    Column("fault", String(200), nullable=False),
    UniqueConstraint("key"),
    Index("outbox_by_state", "state", "leased_until"),
)

calls = Table(
    "calls",
    metadata,
    Column("call", String(80), primary_key=True),
    Column("started", Float(53), nullable=False),
    Column("ended", Float(53)),  # null: under way, or cut by a crash
    Column("caller", String(80), nullable=False),
    Column("dialled", String(80), nullable=False),
    Column("flow", String(60), nullable=False),
    Column("version", String(80), nullable=False),
    Column("language", String(12), nullable=False),
    Column("disposition", String(20), nullable=False),
    Column("fault", String(200), nullable=False),
    Column("queue", String(60), nullable=False),
    Column("business", String(60), nullable=False),
    Column("customer", String(40), nullable=False),
    Column("identity", String(40), nullable=False),
    Index("calls_by_start", "started"),
    Index("calls_of_caller", "caller", "started"),
    Index("calls_of_customer", "customer", "started"),
)

trail = Table(
    "trail",
    metadata,
    Column("call", String(80), primary_key=True),
    Column("notes", Text, nullable=False),  # JSON: a list of notes in order
)
