"""`python -m sandbox serve`: a shop and an F&O environment on this machine, until Ctrl+C. Prints
one JSON line when ready.

python -m sandbox serve --numbers ours --ports 8081 8082
"""

import argparse
import asyncio
import signal
from contextlib import suppress

from sandbox.serve import Sandbox
from sandbox.terms import Ready
from sync.adapters.system_clock import SystemClock
from sync.config.connections import NumberMode
from sync.core.encoding import to_json


def main() -> None:
    """Serve both systems until a signal comes."""
    options = argparse.ArgumentParser(prog="python -m sandbox serve", description=__doc__)
    options.add_argument("--seed", type=int, default=1, help="what chance begins with")
    options.add_argument(
        "--numbers",
        choices=[str(mode) for mode in NumberMode],
        default="theirs",
        help=(
            "who chooses order numbers: F&O's sequences are automatic with theirs, manual with ours"
        ),
    )
    options.add_argument("--ports", type=int, nargs=2, default=(0, 0), metavar=("SHOP", "LEDGER"))
    given = options.parse_args()
    asyncio.run(_serve(given.seed, NumberMode(given.numbers), tuple(given.ports)))


async def _serve(seed: int, numbers: NumberMode, ports: tuple[int, int]) -> None:
    stop = asyncio.Event()
    with suppress(
        NotImplementedError
    ):  # on Windows, Ctrl+C ends the process at once, which is fine for a sandbox
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Sandbox(SystemClock(), seed=seed, numbers=numbers).run(stop, _report, ports=ports)


def _report(ready: Ready) -> None:
    print(to_json(ready.as_json()).decode(), flush=True)  # noqa: T201 - this line is what callers wait for
