"""Claims of earlier releases know what the targets hold as one text: it is read once, kind by kind,
and stored as fields with the next write."""

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.ports import Row
from sync.engine.claim import CLAIMS, State
from sync.engine.ledger import Ledger
from tests.contracts.hand_clock import HandClock
from tests.doubles.digests import DIGESTS

OLD = [
    ("orders", "USMF-000001", {"sales_order": ("USMF-000001", {})}),
    ("customers", "C7", {"customer_account": ("C7", {})}),
    ("companies", "B2", {"customer_account": ("B2", {})}),
    ("contacts", "000123", {"contact_person": ("000123", {})}),
    ("invoices", "FTI 12", {"free_text_invoice": ("12", {})}),
    (
        "invoices",
        "FTI 12 + journal 00001 line 2",
        {
            "free_text_invoice": ("12", {}),
            "customer_payment": ("00001/2", {"journal": "00001", "line": "2"}),
        },
    ),
    (
        "creditmemos",
        "000034 (RMA 77) + journal 00001 line 2 + journal 00001 line 3 + taken off W1",
        {
            "return_order": ("000034", {"rma": "77"}),
            "customer_payment": ("00001/2", {"journal": "00001", "line": "2"}),
            "store_credit": ("00001/3", {"journal": "00001", "line": "3"}),
            "taken_off": ("W1", {}),
        },
    ),
    ("creditmemos", "000035", {"return_order": ("000035", {})}),
    (
        "payments",
        "00001/3",
        {"customer_payment": ("00001/3", {"journal": "00001", "line": "3"})},
    ),
    ("write_back", "D365 sales order W1", {"order_comment": ("D365 sales order W1", {})}),
    ("orders", "", {}),
]


@pytest.mark.parametrize(("flow", "number", "targets"), OLD)
async def test_an_old_number_is_read_as_what_the_targets_hold(
    flow: str, number: str, targets: dict[str, tuple[str, dict[str, str]]]
) -> None:
    tables, clock = SqliteTables(":memory:"), HandClock()
    cells = {"state": "delivered", "number": number, "digest": "d1", "entity": "SalesOrderHeaders"}
    await tables.insert(CLAIMS, Row(f"shop|{flow}", "1@1", cells))
    ledger = Ledger(tables, clock, DIGESTS)
    claim = await ledger.claim("shop", flow, "1@1")
    held = {kind: (one.number, dict(one.keys)) for kind, one in claim.delivered.items()}
    assert held == targets
    shown = " + ".join(one.label or one.number for one in claim.delivered.values())
    assert shown == ("journal 00001 line 3" if flow == "payments" else number)

    taken, _ = await ledger.take("shop", flow, "1@1", "worker")
    await ledger.release(taken)
    row = await tables.get(CLAIMS, f"shop|{flow}", "1@1")
    assert row is not None
    assert bool(row.values.get("targets")) == bool(targets)
    again = await ledger.claim("shop", flow, "1@1")
    assert (again.state, again.delivered) == (State.DELIVERED, claim.delivered)
    tables.close()
