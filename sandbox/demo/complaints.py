"""The service desk in the demo: people note complaints on orders, each becomes a note of one case
in Dataverse, and what becomes of a case is told in the shop once."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any, Final

from sandbox.demo.environment import CASE_STATES, ORDER_ISSUES, Environment, Pair
from sandbox.demo.reconciliation import Finding
from sync.dataverse.web_api import LAG

COMPLAINT: Final = "Arrived damaged: "
MOST: Final = 6
"""Orders of a shop of which people note one."""
TEXTS: Final = {2: "Case {} waits for the goods.", 5: "Case {} is solved."}
"""What the shop tells of a status, as connections.toml says."""
ANSWERS: Final = ((0, 2), (1, 5), (0, 4))
"""State and status that people give cases; nothing is told of the last."""
NEW: Final = (0, 1)
A_SECOND: Final = timedelta(seconds=1)
"""By which stamps of Dataverse are rounded down."""
RECORD: Final = re.compile(r"(Return|Web order) [0-9-]+")
"""What a case is of, as its title begins; an edited order has a number like 000000001-1."""


@dataclass(frozen=True)
class Cases:
    """In all shops: `complaints` noted, `cases` that they and returns became, `told` comments."""

    complaints: int
    cases: int
    told: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "complaints": self.complaints, "cases": self.cases, "told": self.told,
            "differences": len(self.findings),
        }  # fmt: skip


async def complain(pair: Pair, orders: Sequence[Mapping[str, Any]]) -> None:
    """Somebody notes on each what its buyer said."""
    for order in orders:
        text = {"text": f"{COMPLAINT}a piece of {order['increment_id']}."}
        await pair.shop.ask("POST", f"/sandbox/orders/{order['entity_id']}/comment", text)


async def complain_and_answer(environment: Environment, within: timedelta) -> None:
    """Complaints of the first orders become cases, which people work on. Raises `Stuck`."""
    for pair in environment.pairs.values():
        await complain(pair, (await pair.shop.ask("GET", "/sandbox/orders"))[:MOST])
    await environment.poll(ORDER_ISSUES)
    await environment.until_idle(within=within)
    for pair in environment.pairs.values():
        await answer(pair)


async def answer(pair: Pair) -> None:
    """People give cases of complaints that nobody has touched another status."""
    rows = await pair.ledger.ask("GET", "/sandbox/cases")
    new = [
        row for row in rows
        if (row["statecode"], row["statuscode"]) == NEW and row["title"].startswith("Web order")
    ]  # fmt: skip
    for row, (state, status) in zip(new, cycle(ANSWERS), strict=False):
        wanted = {"id": row["incidentid"], "state": state, "status": status}
        await pair.ledger.ask("PUT", "/sandbox/cases", wanted)


async def cases_in_the_end(environment: Environment, within: timedelta) -> Cases:
    """What all were told, once changes of cases are old enough to be polled. Raises `Stuck`."""
    changed = [
        datetime.fromisoformat(row["modifiedon"])
        for pair in environment.pairs.values()
        for row in await pair.ledger.ask("GET", "/sandbox/cases")
    ]
    left = max(changed) + LAG + A_SECOND - datetime.now(UTC)
    await asyncio.sleep(max(0.0, left.total_seconds()))
    await environment.poll(CASE_STATES)
    await environment.until_idle(within=within)
    each = [await _compared(pair) for pair in environment.pairs.values()]
    return Cases(
        sum(one.complaints for one in each), sum(one.cases for one in each),
        sum(one.told for one in each), tuple(found for one in each for found in one.findings),
    )  # fmt: skip


async def _compared(pair: Pair) -> Cases:
    """Complaints that are not one note of one case, and statuses that are not told once."""
    cases = await pair.ledger.ask("GET", "/sandbox/cases")
    orders, rmas = await pair.shop.entered(), await pair.shop.ask("GET", "/sandbox/rmas")
    texts = {f"Web order {one['increment_id']}": one["comments"] for one in orders}
    noted = Counter(text for said in texts.values() for text in said if text.startswith(COMPLAINT))
    found = Counter(text for row in cases for text in row["notes"] if text in noted)
    off = [
        Finding(pair.name, text, f"is noted {times} times, and in cases {found[text]} times")
        for text, times in noted.items() if found[text] != times
    ]  # fmt: skip
    texts |= {
        f"Return {one['increment_id']}": [said["comment"] for said in one["comments"]]
        for one in rmas
    }
    untold, told = _untold(pair, cases, texts)
    return Cases(noted.total(), len(cases), told, (*off, *untold))


def _untold(
    pair: Pair, cases: Sequence[Mapping[str, Any]], texts: Mapping[str, Sequence[str]]
) -> tuple[list[Finding], int]:
    """Cases of one record, statuses that its shop does not tell, and how often it tells of any."""
    off, records, told = list[Finding](), Counter[str](), 0
    for row in cases:
        named = RECORD.match(str(row["title"]))
        record = named[0] if named else str(row["title"])
        records[record] += 1
        said = Counter(
            text for text in texts.get(record, ())
            if text in (one.format(row["ticketnumber"]) for one in TEXTS.values())
        )  # fmt: skip
        told += said.total()
        wanted = TEXTS.get(row["statuscode"], "").format(row["ticketnumber"])
        if (wanted and said[wanted] != 1) or any(times > 1 for times in said.values()):
            what = f"has status {row['statuscode']} and tells {dict(said)}"
            off.append(Finding(pair.name, record, what))
    off += [
        Finding(pair.name, record, f"has {times} cases")
        for record, times in records.items() if times > 1
    ]  # fmt: skip
    return off, told
