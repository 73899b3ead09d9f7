"""The demo run as a user runs it: a process, an exit status, a document."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


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
        sys.executable, "-m", "sandbox", "demo", *options, cwd=ROOT, env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def demo(*options: str, settings: Mapping[str, str] | None = None) -> Run:
    process = await started(*options, **(settings or {}))
    said, errors = await process.communicate()
    return Run(process.returncode, said.decode(), errors.decode())


def agrees_to_the_cent(run: Run) -> None:
    """After everything that went wrong, on every edition."""
    assert run.status == 0, run.said + run.errors
    reported = run.document
    assert reported["ok"]
    assert {row["connection"] for row in reported["reconciliation"]} == {"outdoor", "garden"}
    assert {row["currency"] for row in reported["reconciliation"]} == {"USD", "EUR"}
    assert {row["difference"] for row in reported["reconciliation"]} == {"0.00"}
    cash = reported["receivables"]
    assert {(row["connection"], row["currency"]) for row in cash} >= {
        ("outdoor", "USD"),
        ("garden", "USD"),
    }
    assert all(row["commerce"] == row["dynamics"] for row in cash)
    assert sum(row["dynamics"]["refunds"] for row in cash) > 0
    assert reported["posted_numbers_read_back"] > 0
    assert (reported["company_orders"] > 0, reported["variants_ordered"]) == (True, 4)
    assert reported["documents_reconciled"] > reported["orders"]
    assert reported["stock"]["skus"] > 600
    assert reported["stock"]["drift"] == 0
    assert reported["prices"]["skus"] > 600
    assert reported["shared_catalogs"] == {"products": 102, "drift": 0}
    assert (reported["prices"]["changes"] >= 240, reported["prices"]["drift"]) == (True, 0)
    assert reported["shipments"]["slips"] > 10
    assert reported["shipments"]["tracked"] > 5
    assert reported["shipments"]["differences"] == 0
    assert reported["returns"]["returns"] > 1
    assert reported["returns"]["cases"] == reported["returns"]["returns"]
    assert reported["returns"]["differences"] == 0
    assert reported["captures"]["invoices"] > 0
    assert reported["captures"]["differences"] == 0
    has_gone_on(reported)
    has_parked_and_told(reported)


def has_gone_on(reported: Any) -> None:
    active = reported["activity"]
    assert (active["tasks"], active["waiting"], active["leads"]) == (16, 6, 2)
    assert (active["completed"] >= 6, active["differences"]) == (True, 0)
    planned = reported["demand"]
    assert (planned["entries"] >= 4, planned["left_out"], planned["differences"]) == (True, "", 0)
    assert reported["product_options"] == {"options": 16, "differences": 0}
    parcels, cases, numbers = (reported[name] for name in ("parcels", "cases", "written_back"))
    assert parcels == {"parcels": reported["shipments"]["tracked"], "differences": 0}
    assert (cases["complaints"], cases["differences"]) == (12, 0)
    assert cases["told"] > reported["returns"]["cases"]
    assert (numbers["numbers"] > reported["orders"], numbers["differences"]) == (True, 0)


def has_parked_and_told(reported: Any) -> None:
    assert {order["reason"].rpartition(" ")[2] for order in reported["parked"]} == {"LAMP-2026"}
    assert all(order["remedy"] for order in reported["parked"])
    assert [price["dynamics_writes"] for price in reported["requests_per_order"]] == [
        "1.00",
        "2.00",
    ]
    assert reported["mishaps"]["answers lost"] > 0
    assert reported["mishaps"]["429s"] > 0
    assert reported["home"] is None
