"""The kill loop's nursery: everything is imported once, then each life is a fork that works until it is killed.

Each life recovers the spool, then journals calls, records call-backs and sets passwords as fast as it can. What was
acknowledged is told to the loop by one atomic write to a pipe: only what was told counts as acknowledged.
Arguments: folder, database URL, lives, seed. Prints "ok LIVES ACKNOWLEDGED" or what is wrong.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import Connection, text
from twisted.internet import epollreactor
from twisted.internet.defer import Deferred

from crm_bridge.asking import LookUps
from crm_bridge.database import Database, Limits, engine_for
from crm_bridge.desks import OwnDesk
from crm_bridge.hashing import Hashing
from crm_bridge.journal import CallRecord, Journal
from crm_bridge.room import Rules
from crm_bridge.secret import Secret

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FINE = ("294817", "730152", "618394", "503927", "840263")


def live(folder: Path, url: str, life: int, pipe: int) -> None:
    """One life; ends by kill -9 only."""
    epollreactor.install()
    from twisted.internet import reactor

    database, hashing = Database(url, reactor), Hashing(reactor, CHEAP)
    journal = Journal(folder, database, reactor)
    look_ups = LookUps(OwnDesk(database, Rules(), time.time), hashing, Rules())
    for part in (database, hashing, journal):
        part.start()

    def tell(words: str) -> None:
        os.write(pipe, words.encode() + b"\n")

    async def calls(worker: int) -> None:
        for number in range(1_000_000):
            call = f"{life}-{worker}-{number}"
            now = datetime.now(UTC)
            await journal.begin(call, "13800138000", "10000", "main", now)
            await journal.finish(CallRecord(call=call, started=now, ended=now, notes=({"what": "heard"},)))
            tell(f"call {call}")

    async def call_backs() -> None:
        for number in range(1_000_000):
            phone = f"139{life:04d}{number:04d}"
            for again in range(2):  # the second is a redial: never a second letter
                await look_ups.ask("record_call_back", {"phone": phone}, f"{life}-{number}-{again}")
            tell(f"letter {phone}")

    async def passwords() -> None:
        for number in range(1_000_000):
            new = FINE[(life + number) % len(FINE)]
            tell(f"trying {new}")
            asked = {"customer": "1", "phone": "13800138000", "new_password": Secret(new), "again": Secret(new)}
            await look_ups.ask("set_password", asked, f"{life}-p-{number}")
            tell(f"password {new}")

    async def everything() -> None:
        await journal.recover()
        if life < 0:
            return tell("recovered")
        work = [calls(0), calls(1), calls(2), call_backs(), passwords()]
        for one in work:
            Deferred.fromCoroutine(one).addErrback(lambda failure: tell(f"fault {failure.getErrorMessage()}"))

    Deferred.fromCoroutine(everything()).addErrback(lambda failure: tell(f"fault {failure.getErrorMessage()}"))
    reactor.run(installSignalHandlers=False)


def one_life(place: tuple[Path, str], life: int, last_s: float) -> list[str]:
    """Fork, let it work, kill -9; what it acknowledged."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        with contextlib.suppress(BaseException):
            live(*place, life, write)
        os._exit(9)
    os.close(write)
    told, until = b"", time.monotonic() + last_s
    while (left := until - time.monotonic()) > 0 and b"recovered" not in told:
        if select.select([read], [], [], left)[0]:
            told += os.read(read, 65536)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(read, 65536):
        told += more
    os.close(read)
    return told.decode().splitlines()


def judge(connection: Connection, told: list[str]) -> list[str]:
    """What is lost or doubled."""
    calls = set(connection.execute(text("SELECT call FROM calls WHERE ended IS NOT NULL")).scalars())
    trails = list(connection.execute(text("SELECT call FROM trail")).scalars())
    letters = list(connection.execute(text("SELECT account FROM outbox WHERE intent = 'call_back'")).scalars())
    effects = list(connection.execute(text("SELECT account FROM effects WHERE intent = 'call_back'")).scalars())
    wrong = [f"lost {one}" for one in told if one.startswith("call ") and one[5:] not in calls]
    wrong += [f"lost {one}" for one in told if one.startswith("letter ") and one[7:] not in set(letters)]
    wrong += [one for one in told if one.startswith("fault ")]
    wrong += [] if told[-1] == "recovered" else ["the last recovery did not end"]
    for name, rows in (("trail", trails), ("letter", letters), ("effect", effects)):
        wrong += [f"doubled {name}"] * (len(rows) - len(set(rows)))
    if sorted(letters) != sorted(effects):
        wrong.append("an effect without its letter, or the other way")
    return wrong + _password(connection, told)


def _password(connection: Connection, told: list[str]) -> list[str]:
    """The last acknowledged one holds, or one that was being set when the kill came: exactly one."""
    hashed = connection.execute(text("SELECT hash FROM passwords WHERE customer = '1'")).scalar_one()
    possible: set[str] = set()
    for word, _, password in (line.partition(" ") for line in told):
        if word == "password":
            possible = {password}
        elif word == "trying":
            possible.add(password)
    holding = [one for one in FINE if _fits(hashed, one)]
    return [] if len(holding) == 1 and holding[0] in possible else [f"password {holding} of {possible}"]


def _fits(hashed: str, password: str) -> bool:
    try:
        return CHEAP.verify(hashed, password)
    except Exception:
        return False


def main(folder: Path, url: str, lives: int, seed: int) -> int:
    """All lives, a last recovery, and the judgement."""
    chance = random.Random(seed)
    told: list[str] = []
    engine_for(url, Limits()).dispose()  # imports the driver, once for all lives
    for life in range(lives):
        told += one_life((folder, url), life, chance.uniform(0.03, 0.22))
    recovered = one_life((folder, url), -1, 30.0)
    engine = engine_for(url, Limits())
    with engine.connect() as connection:
        wrong = judge(connection, told + recovered)
    print("\n".join(wrong[:20]) or f"ok {lives} {sum(not one.startswith('trying') for one in told)}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
