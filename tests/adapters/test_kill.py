"""Processes killed in the middle of their work, two at a time on one file: what was acknowledged is
true."""

import asyncio
import random
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from tests.adapters.traffic import LOCK, body
from tests.contracts.hand_clock import HandClock

ROUNDS = 8
ROOT = Path(__file__).parents[2]


async def killed_after(lines: int, file: Path, name: str) -> list[tuple[str, str]]:
    """What a process acknowledged before it was killed in mid-traffic."""
    command = (sys.executable, "-m", "tests.adapters.traffic", str(file), name)
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    reported = [await process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    reported += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    assert process.returncode == -signal.SIGKILL
    return [
        (what, key)
        for what, key in (line.decode().split() for line in reported if line.endswith(b"\n"))
    ]


def check(file: Path, sent: set[str], done: set[str]) -> None:
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        waiting = dict(db.execute("SELECT id, body FROM messages").fetchall())
        rows = {key for (key,) in db.execute("SELECT key FROM rows").fetchall()}
    claims = {key.removeprefix("claim ") for key in rows if key.startswith("claim ")}
    trail = {key.removeprefix("trail ") for key in rows if key.startswith("trail ")}
    assert claims == trail, "a transaction was half written"
    assert sent <= waiting.keys() | claims, "an acknowledged message is lost"
    assert done <= claims, "an acknowledged row is lost"
    assert not done & waiting.keys(), "a completed message came back"
    assert all(whole == body(key) for key, whole in waiting.items())
    everything = waiting.keys() | claims
    pairs = {key.rpartition("-")[0] for key in everything}
    assert everything == {f"{pair}-{side}" for pair in pairs for side in ("left", "right")}, (
        "a call was half sent"
    )


async def test_killing_processes_in_mid_traffic_loses_nothing(tmp_path: Path) -> None:
    file, chance = tmp_path / "sync.db", random.Random(11)
    sent: set[str] = set()
    done: set[str] = set()
    for number in range(ROUNDS):
        both = (killed_after(chance.randrange(1, 400), file, f"{number}{twin}") for twin in "ab")
        for reported in await asyncio.gather(*both):
            sent |= {key for what, key in reported if what == "sent"}
            done |= {key for what, key in reported if what == "done"}
        check(file, sent, done)
    assert len(sent) > ROUNDS
    assert done
    await everything_left_can_be_delivered(file, sent)


async def everything_left_can_be_delivered(file: Path, sent: set[str]) -> None:
    clock = HandClock()
    clock.at += timedelta(days=36500)
    with (
        closing(SqliteQueue(file, clock, LOCK, most_deliveries=1000)) as queue,
        closing(SqliteTables(file)) as tables,
    ):
        left = set()
        while got := await queue.receive("orders", most=100, wait=timedelta(0)):
            left |= {message.id for message in got}
            await asyncio.gather(*(queue.complete(message) for message in got))
        delivered = {
            row.key.removeprefix("claim ")
            async for row in tables.query("work", "p", before="trail")
        }
        assert sent <= left | delivered
        assert (await queue.depth("orders")).due == 0
