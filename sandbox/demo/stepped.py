"""`python -m sandbox.demo.stepped MODULE ...` runs a module on a machine whose clock is set while
it runs: by as many seconds as the file holds that `SANDBOX_CLOCK` names."""

import os
import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sync.adapters.system_clock import SystemClock

CLOCK: Final = "SANDBOX_CLOCK"


def main() -> None:
    """All that the product knows of the time comes from its one clock."""
    setting = Path(os.environ[CLOCK])

    def now(_: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(setting.read_text(encoding="utf-8")))

    SystemClock.now = now  # type: ignore[method-assign, assignment]
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
