"""An index of records by the numbers of the documents that they became or belong to.

A person at the ledger knows a sales order or an invoice by its number there. One row per number
and record; no personal data. Written with each outcome that changed something, so records that were
delivered by earlier releases are not in it until they change.
"""

from collections.abc import Iterable
from typing import Final

from sync.core.ports import Operation, Row, Tables, Upsert
from sync.engine.delivery import Delivery
from sync.engine.plan import Delivered
from sync.engine.refused_keys import key_fault

NUMBERS: Final = "numbers"
RELATED: Final = ("reference", "sales_order")
"""What plans say of the documents that a record belongs to."""
ROWS: Final = "rows"
"""What publications write has counts and no numbers."""
MOST: Final = 50
"""Records of one number that are shown, and rows that one outcome writes."""


async def keep_numbers(tables: Tables, delivery: Delivery, outcome: Delivered) -> None:
    """Index the record by what its outcome names. Safe to repeat."""
    claim = delivery.claim
    rows: list[Operation] = [
        Upsert(
            Row(
                claim.connection,
                f"{number}|{claim.flow}|{claim.key}",
                {"flow": claim.flow, "key": claim.key},
            )
        )
        for number in _numbers(outcome)
    ]
    if rows and outcome.action != "unchanged":
        await tables.transact(NUMBERS, rows[:MOST])


def _numbers(outcome: Delivered) -> Iterable[str]:
    named = [result.number for result in outcome.results if result.kind != ROWS]
    named += [outcome.plan.keys.get(name, "") for name in RELATED]
    return dict.fromkeys(one for one in named if one and not key_fault(one) and "|" not in one)


async def records_called(tables: Tables, connection: str, number: str) -> list[tuple[str, str]]:
    """(flow, key) of the records that became or belong to a document of this number."""
    if not number or key_fault(number):
        return []
    rows = tables.query(NUMBERS, connection, start=f"{number}|", before=f"{number}}}", limit=MOST)
    return [(str(row.values["flow"]), str(row.values["key"])) async for row in rows]
