"""The demo run as a user runs it: a process, an exit status, a document."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    status: int | None
    said: str
    errors: str

    @property
    def document(self) -> Any:
        return json.loads(self.said)


async def started(*options: str, **settings: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sync", "demo", *options, cwd=ROOT, env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def demo(*options: str, settings: Mapping[str, str] | None = None) -> Run:
    process = await started(*options, **(settings or {}))
    said, errors = await process.communicate()
    return Run(process.returncode, said.decode(), errors.decode())


def agrees_to_the_cent(run: Run) -> None:
    """After everything that went wrong, on every edition."""
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
