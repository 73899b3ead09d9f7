"""The demo as a user runs it: processes, sockets, an exit status."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sync.demo.systems import pause

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    status: int | None
    said: str
    errors: str

    @property
    def document(self) -> Any:
        return json.loads(self.said)


async def started(*options: str, folder: Path | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sync", "demo", *options, cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)} if folder else None,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def demo(*options: str) -> Run:
    process = await started(*options)
    said, errors = await process.communicate()
    return Run(process.returncode, said.decode(), errors.decode())


async def test_a_small_demo_agrees_to_the_cent_after_everything_that_went_wrong() -> None:
    run = await demo("--orders", "40", "--seed", "5", "--json")
    assert run.status == 0, run.said + run.errors
    told = run.document
    assert told["ok"]
    assert {row["connection"] for row in told["reconciliation"]} == {"outdoor", "garden"}
    assert {row["currency"] for row in told["reconciliation"]} == {"USD", "EUR"}
    assert {row["difference"] for row in told["reconciliation"]} == {"0.00"}
    cash = told["receivables"]
    assert {(row["connection"], row["currency"]) for row in cash} >= {("outdoor", "USD"), ("garden", "USD")}
    assert all(row["commerce"] == row["dynamics"] for row in cash)
    assert sum(row["dynamics"]["refunds"] for row in cash) > 0
    assert told["posted_numbers_read_back"] > 0
    assert told["company_orders"] > 0
    assert {order["reason"].rpartition(" ")[2] for order in told["parked"]} == {"LAMP-2026"}
    assert all(order["remedy"] for order in told["parked"])
    assert [price["dynamics_writes"] for price in told["requests_per_order"]] == ["1.00", "2.00"]
    assert told["mishaps"]["answers lost"] > 0
    assert told["mishaps"]["429s"] > 0
    assert told["home"] is None


async def test_an_order_and_a_payment_that_somebody_changed_behind_our_back_are_named_and_fail_the_demo() -> None:
    run = await demo("--orders", "20", "--seed", "6", "--tamper")
    assert run.status == 1, run.said + run.errors
    assert "Off: 2" in run.said
    lines = [line for line in run.said.splitlines() if "comes to" in line]
    assert [line.split()[0] for line in lines] == ["outdoor", "outdoor"]
    overcharged, overpaid = (Decimal(line.rpartition("difference ")[2]) for line in lines)
    assert overcharged < 0  # one more for each piece of the line
    assert overpaid == Decimal(-2)
    assert " invoice " in lines[1]
    home = Path(run.said.rpartition("Left to look at: ")[2].partition(" (")[0])
    assert (home / "host.log").exists()
    await asyncio.to_thread(shutil.rmtree, home)


def homes(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def has_a_host(folder: Path) -> bool:
    return any((home / "host.log").exists() and (home / "host.log").read_text() for home in homes(folder))


def ports(home: Path) -> list[int | None]:
    connections = tomllib.loads((home / "connections.toml").read_text())["connections"].values()
    return [urlsplit(one[system]["url"]).port for one in connections for system in ("commerce", "dynamics")]


async def test_ctrl_c_ends_every_process_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = await started("--orders", "20", folder=tmp_path)
    async with asyncio.timeout(60):
        while not has_a_host(tmp_path):
            await pause()
    taken = ports(homes(tmp_path)[0])
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 130
    assert not homes(tmp_path)
    for port in taken:
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)
