"""`soak`: mixed load for as long as is asked for, while the product is killed every few seconds and
things go wrong; in the end everything is compared. Exit status 1 when anything is off."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Annotated, Any, Final

import typer

from sandbox.demo.command import emulators_given
from sandbox.demo.comparison import Books
from sandbox.demo.delivering import SETTLED
from sandbox.demo.environment import (
    FLOWS,
    ORDER_ISSUES,
    SHIPMENTS,
    Environment,
    Stuck,
)
from sandbox.demo.gauges import Gauges
from sandbox.demo.goods import first_goods
from sandbox.demo.home import made_home, on_disk
from sandbox.demo.load import make_calm
from sandbox.demo.processes import DidNotStart
from sandbox.demo.reconciliation import Finding
from sandbox.demo.relay import Relays
from sandbox.demo.rounds import A_ROUND, play_round, play_to_the_end
from sandbox.demo.starting import running_environment
from sandbox.demo.systems import pause
from sandbox.demo.troubles import CERTIFIED, Troubles
from sandbox.entra import TRUSTED
from sync.cli.output import console, error_lines, json_line, progress
from sync.core.logs import set_up
from sync.engine.claim import MOST_DEATHS

OFF: Final = 1
PATIENCE: Final = timedelta(minutes=15)
"""What a killed process was sending is looked for when it can come no more."""
TIMING: Final = {
    "commit_horizon_seconds": 1, "send_within_seconds": 3, "write_timeout_seconds": 4,
}  # fmt: skip
LIVES: Final = (2.0, 7.0)
"""Seconds from a start of the product until it is killed."""
ENDED: Final = (f"{MOST_DEATHS} times in a row", "the queue gave the message up")
"""How reasons begin of what kills alone have parked."""
STARTS: Final = 2.0
"""Seconds that a start takes on an idle machine; on a busy one all lives are longer."""
LIVES_OF_ONE_OF_MANY: Final = (10.0, 30.0)
"""The same where others may hold what a dead process held: that is left alone for minutes."""


@dataclass(frozen=True)
class Soaked:
    """What a soak came to. `asked`: records that the kills left to a person, who had them tried
    again."""

    orders: int
    rounds: int
    kills: int
    asked: int
    books: Books
    findings: tuple[Finding, ...]
    troubles: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """One document."""
        return {
            "ok": not self.findings, "orders": self.orders, "rounds": self.rounds,
            "kills": self.kills, "asked_for": self.asked, "troubles": dict(self.troubles),
            "reconciliation": [row.as_json() for row in self.books.rows],
            "receivables": [row.as_json() for row in self.books.cash],
            "documents_reconciled": self.books.compared,
            "findings": [finding.as_json() for finding in self.findings],
        }  # fmt: skip


@dataclass
class Killer:
    """Ends the product as a power failure would and starts it again."""

    environment: Environment
    chance: Random
    troubles: Troubles
    kills: int = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """For the length of the block; the product runs when it is left."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kills(stop))
            group.create_task(self.troubles.happen(stop))
            try:
                yield
            finally:
                stop.set()

    async def _kills(self, stop: asyncio.Event) -> None:
        lives = LIVES if self.troubles.relays is None else LIVES_OF_ONE_OF_MANY
        loop, slow = asyncio.get_running_loop(), 1.0
        while True:
            try:
                async with asyncio.timeout(slow * self.chance.uniform(*lives)):
                    await stop.wait()
                    return
            except TimeoutError:
                async with self.troubles.alive:
                    await self.environment.kill_host()
                    began = loop.time()
                    await self.environment.start_host()
                slow = max(1.0, (loop.time() - began) / STARTS)
                self.kills += 1


async def soaked(
    environment: Environment, length: timedelta, gauges: Gauges, chance: Random, troubles: Troubles
) -> Soaked:
    """Load, faults and kills for so long; then everything is delivered, shipped and compared.
    Raises `Stuck`."""
    loop, rounds, killer = asyncio.get_running_loop(), 0, Killer(environment, chance, troubles)
    await first_goods(environment, PATIENCE)
    began, seconds = loop.time(), length.total_seconds()
    with gauges("Seconds under load", seconds) as gauge:
        async with killer.at_work():
            while (passed := loop.time() - began) < seconds:
                gauge.reach(int(passed))
                await play_round(environment, chance, rounds + 1)
                while loop.time() - began < seconds and await environment.unfinished() > A_ROUND:
                    await pause()
                rounds += 1
    for pair in environment.pairs.values():
        await make_calm(pair)
    asked = await _everything_is_delivered(environment)
    books, findings = await play_to_the_end(environment, PATIENCE)
    return Soaked(
        sum(row.orders for row in books.rows), rounds, killer.kills, asked, books,
        tuple(findings), troubles.counts,
    )  # fmt: skip


async def _everything_is_delivered(environment: Environment) -> int:
    """Webhooks that met a dead host never come again: a poll finds their records. What the host was
    killed at too often to try it again, a person asks for; how many records that were."""
    await asyncio.sleep(SETTLED.total_seconds())
    await environment.poll(*FLOWS, SHIPMENTS, ORDER_ISSUES)
    await environment.until_idle(within=PATIENCE)
    left = [claim for claim in await environment.parked() if claim.reason.startswith(ENDED)]
    for claim in left:
        await environment.touch(claim.flow, claim.connection, claim.key)
    await environment.until_idle(within=PATIENCE)
    return len(left)


def soak(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long the load lasts.")] = 10,
    seed: Annotated[int, typer.Option(help="What chance begins with.")] = 1,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    emulated: Annotated[
        bool, typer.Option("--emulated", help="On the Service Bus and tables that settings name.")
    ] = False,
) -> None:
    """Load the product for long, kill it every few seconds, and compare both systems in the end.

    Orders, cancellations, edits, invoices, credit memos, posted invoices, stock, prices and
    products flow, while webhooks are lost and doubled, answers lost and servers fail; the disk is
    full, queue and tables are away, keys and certificates are rotated, and the clock is set. Then
    slips are shipped, and everything is compared.

    Exit status: 0 everything agrees, 1 something is off, 2 it could not be run.
    """
    set_up(level="error", log_format="text")
    emulators = emulators_given(as_json=as_json) if emulated else {}
    home = made_home()
    try:
        work = _soak(home, timedelta(minutes=minutes), seed, emulators, as_json=as_json)
        outcome = asyncio.run(work)
    except (DidNotStart, Stuck) as problem:
        error_lines(str(problem), f"Look at the logs in {on_disk(home)}.", as_json=as_json)
        raise typer.Exit(2) from None
    if not outcome.findings:
        shutil.rmtree(home, ignore_errors=True)
    _report(outcome, None if not outcome.findings else on_disk(home), as_json=as_json)
    raise typer.Exit(OFF if outcome.findings else 0)


async def _soak(
    home: Path, length: timedelta, seed: int, emulators: Mapping[str, str], *, as_json: bool
) -> Soaked:
    def gauges(what: str, total: float) -> Any:
        return progress(what, total, as_json=as_json)

    os.environ["SSL_CERT_FILE"] = str(home / TRUSTED)  # what all of this soak trusts
    chance = Random(f"soak {seed}")
    async with (
        Relays.of(emulators) as relays,
        running_environment(
            home,
            seed=seed,
            timing=TIMING,
            emulators=emulators,
            relayed=relays.settings,
            certified=CERTIFIED,
        ) as environment,
    ):
        troubles = Troubles(environment, home, chance, relays if emulators else None)
        return await soaked(environment, length, gauges, chance, troubles)


def _report(outcome: Soaked, kept: Path | None, *, as_json: bool) -> None:
    if as_json:
        json_line({**outcome.as_json(), "home": str(kept) if kept else None})
        return
    say = console().print
    say(
        f"{outcome.orders} orders in {outcome.rounds} rounds, {outcome.kills} kills,"
        f" {outcome.asked} records asked for again."
    )
    say(", ".join(f"{name} {times} times" for name, times in outcome.troubles.items()))
    say(f"{outcome.books.compared} documents compared, {len(outcome.findings)} differences.")
    for finding in outcome.findings:
        say(f"  {finding.connection} {finding.record}: {finding.what}")
    if kept is not None:
        say(f"Left to look at: {kept}", soft_wrap=True)


def main() -> None:
    """Run it as `python -m sandbox soak`."""
    app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.command()(soak)
    app(prog_name="python -m sandbox soak")
