"""`demo`: both systems as sandboxes and the product, as processes of this machine. Exit status 1
when anything is off."""

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from sandbox.commerce.buying import LIVES
from sandbox.demo.environment import Stuck
from sandbox.demo.gauges import Gauge
from sandbox.demo.home import emulators_of, made_home, on_disk
from sandbox.demo.load import Plan
from sandbox.demo.masters import Masters
from sandbox.demo.processes import DidNotStart
from sandbox.demo.report import show
from sandbox.demo.scenario import Outcome, run_scenario
from sandbox.demo.starting import running_environment
from sync.app.settings import SettingsMissing
from sync.cli.output import console, error_lines, json_line, progress
from sync.core.logs import set_up

OFF: Final = 1
FEWEST: Final = 20
SOON: Final = timedelta(seconds=5)
"""Records that wait longer for another try are waited for by their claims."""


Orders = Annotated[
    int,
    typer.Option(min=FEWEST, help="How many orders are placed, besides those that are measured."),
]
Products = Annotated[
    int,
    typer.Option(
        min=0,
        help="How many products the shops show in the end, all together: variants make up what"
        " they do not know yet.",
    ),
]
Accounts = Annotated[
    int,
    typer.Option(min=len(LIVES), help="How many customers of each shop have bought before."),
]
Seed = Annotated[
    int, typer.Option(help="What chance begins with; the same seed places the same orders.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Keep = Annotated[
    bool, typer.Option("--keep", help="Leave the run's directory: configuration, tables, log.")
]
Emulated = Annotated[
    bool,
    typer.Option(
        "--emulated",
        help="Delivery on the Service Bus and the tables that SERVICE_BUS and TABLES_CONNECTION"
        " name.",
    ),
]
Tamper = Annotated[
    bool,
    typer.Option(
        "--tamper",
        help="Change an order and a payment in Dynamics behind everybody's back: see them found.",
    ),
]


def demo(
    orders: Orders = 200,
    products: Products = 2000,
    accounts: Accounts = 100,
    seed: Seed = 1,
    *,
    as_json: AsJson = False,
    keep: Keep = False,
    emulated: Emulated = False,
    tamper: Tamper = False,
) -> None:
    """Watch orders flow from two shops into two ledgers, on this machine alone, while things go
    wrong.

    Starts both systems as sandboxes and the product itself on free loopback ports; places orders of
    every kind; loses and doubles webhooks, loses answers, throttles; delivers everything; compares
    both sides' books to the cent.

    Exit status: 0 everything agrees, 1 something is off, 2 it could not be run.
    """
    emulators = emulators_given(as_json=as_json) if emulated else {}
    home, plan = made_home(), Plan(orders, products, accounts=accounts)
    kept = True
    try:
        running = _demo(home, plan, seed, emulators, as_json=as_json, tamper=tamper)
        outcome = asyncio.run(running)
        kept = keep or bool(outcome.findings)
        home = on_disk(home) if kept else home
        _report(outcome, home if kept else None, as_json=as_json)
    except (DidNotStart, Stuck) as problem:
        error_lines(str(problem), f"Look at the logs in {home}.", as_json=as_json)
        raise typer.Exit(2) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        kept = keep
        raise typer.Exit(130) from None
    finally:
        if not kept:
            shutil.rmtree(home, ignore_errors=True)
    if outcome.findings:
        raise typer.Exit(OFF)


def emulators_given(*, as_json: bool) -> Mapping[str, str]:
    """The settings that name a Service Bus and tables. Raises `typer.Exit` where there are none."""
    try:
        return emulators_of(os.environ)
    except SettingsMissing as problem:
        remedy = "Leave --emulated out, or run: make demo EDITION=emulated (or make soak)"
        error_lines(str(problem), remedy, as_json=as_json)
        raise typer.Exit(2) from None


def _report(outcome: Outcome, home: Path | None, *, as_json: bool) -> None:
    if as_json:
        json_line({**outcome.as_json(), "home": str(home) if home else None})
    else:
        show(outcome, console(), home)


async def _demo(
    home: Path, plan: Plan, seed: int, emulators: Mapping[str, str], *, as_json: bool, tamper: bool
) -> Outcome:
    set_up(level="error", log_format="text")
    running = asyncio.current_task()
    assert running is not None, "called as a task"
    with suppress(NotImplementedError):  # Windows loops have no handlers
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
        ):  # SIGINT too: a script's background jobs are born deaf to it
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)

    def gauges(what: str, total: float) -> AbstractContextManager[Gauge]:
        return progress(what, total, as_json=as_json)

    async with AsyncExitStack() as stack:
        with progress("Both systems and the host start", None, as_json=as_json, counted=False):
            environment = await stack.enter_async_context(
                running_environment(home, seed=seed, emulators=emulators)
            )
        environment.soon = SOON
        environment.masters = Masters.beside(plan.products, len(environment.pairs))
        return await run_scenario(environment, plan, gauges, tamper=tamper)


def main() -> None:
    """Run it as `python -m sandbox demo`."""
    app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.command()(demo)
    app(prog_name="python -m sandbox demo")
