"""`python -m sync.sandbox`: a shop and an F&O environment on this machine, until Ctrl+C. Prints one JSON line when ready.

python -m sync.sandbox --numbers ours --ports 8081 8082
"""

import argparse
import asyncio
import signal
from contextlib import suppress

from sync.adapters.system_clock import SystemClock
from sync.connections import NumberMode
from sync.encoding import to_json
from sync.sandbox.serve import Sandbox
from sync.sandbox.terms import Ready


def main() -> None:
    """Serve both systems until a signal comes."""
    options = argparse.ArgumentParser(prog="python -m sync.sandbox", description=__doc__)
    options.add_argument("--seed", type=int, default=1, help="what chance begins with")
    options.add_argument("--numbers", choices=[str(mode) for mode in NumberMode], default="theirs",
                         help="who chooses order numbers: F&O's sequences are automatic with theirs, manual with ours")  # fmt: skip
    options.add_argument("--ports", type=int, nargs=2, default=(0, 0), metavar=("SHOP", "LEDGER"))
    given = options.parse_args()
    asyncio.run(_serve(given.seed, NumberMode(given.numbers), tuple(given.ports)))


async def _serve(seed: int, numbers: NumberMode, ports: tuple[int, int]) -> None:
    stop = asyncio.Event()
    with suppress(NotImplementedError):  # on Windows, Ctrl+C ends the process at once, which is fine for a sandbox
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Sandbox(SystemClock(), seed=seed, numbers=numbers).run(stop, _tell, ports=ports)


def _tell(ready: Ready) -> None:
    print(to_json(ready.as_json()).decode(), flush=True)  # noqa: T201 - this line is what callers wait for


if __name__ == "__main__":
    main()
