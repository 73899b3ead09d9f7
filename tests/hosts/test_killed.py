import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.system_clock import SystemClock
from sync.core.message_queue import Outgoing
from tests.hosts.hanging import LOCK

ROOT = Path(__file__).parents[2]


async def test_a_message_under_way_in_a_host_that_is_killed_is_delivered_again(
    tmp_path: Path,
) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite", SystemClock(), LOCK)
    await queue.send([Outgoing("orders", b"{}", "m1")])
    host = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.hosts.hanging",
        str(tmp_path),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert host.stdout is not None
    assert await host.stdout.readline() == b"took m1\n"
    host.kill()
    await host.communicate()
    (again,) = await queue.receive("orders", most=1, wait=timedelta(seconds=30))
    assert (again.id, again.deliveries) == ("m1", 2)
    await queue.complete(again)
    queue.close()
