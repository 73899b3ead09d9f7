"""What F&O was made to hold on purpose stays, once a person has said so; other sums ask again."""

import shlex
from decimal import Decimal
from unittest.mock import ANY

import pytest

from sandbox.commerce.records import StoredOrder
from sync.operating.deciding import accepted
from sync.operating.problem import Problem
from sync.operating.records import Ledgers
from sync.reconcile.difference import Cause
from tests.flows.finance import Finance, in_finance
from tests.harness import key_of
from tests.reconcile.planted import Ledger, lines_of, reconciled
from tests.systems import CONNECTION


async def runs(finance: Finance, command: str) -> None:
    """A person runs what the difference names."""
    _, flow, key, _, sums, *_ = shlex.split(command.rpartition("python -m sync ")[2])
    assert command.count("resolve") == 1
    ledgers = Ledgers(finance.services, CONNECTION, flow)
    await accepted(ledgers, flow, key, sums, why="agreed by phone", by="ann")


def edited(finance: Finance, order: StoredOrder, more: str) -> None:
    table, row = lines_of(finance, order)[0]
    Ledger(finance).changed(table, row, LineAmount=row["LineAmount"] + Decimal(more))


@in_finance()
async def test_an_edited_document_is_accepted_until_it_is_edited_again(finance: Finance) -> None:
    order = await finance.placed()
    edited(finance, order, "0.01")
    (found,), _ = await reconciled(finance)
    assert (found.key, found.cause) == (key_of(order), Cause.EDITED)
    assert f"--sums '{found.sums}' --why TEXT" in found.command
    await runs(finance, found.command)
    assert (await reconciled(finance))[0] == []
    claim = await finance.services.ledger.claim(CONNECTION, "orders", key_of(order))
    assert claim.accepted == found.sums
    edited(finance, order, "-1")
    (again,), _ = await reconciled(finance)
    assert (again.cause, again.sums != found.sums) == (Cause.EDITED, True)
    await runs(finance, again.command)
    assert (await reconciled(finance))[0] == []


@in_finance()
async def test_pieces_are_compared_where_sums_agree(finance: Finance) -> None:
    order = await finance.placed(**finance.wants("SIMPLE-001", "SIMPLE-002", pieces=3))
    assert await reconciled(finance, "quantities") == ([], ANY)
    table, row = lines_of(finance, order)[0]
    undo = Ledger(finance).changed(table, row, OrderedSalesQuantity=Decimal(2))
    assert (await reconciled(finance))[0] == [], "nobody named them, and the sums agree"
    (found,), summary = await reconciled(finance, "quantities")
    assert (found.key, found.cause, found.currency) == (key_of(order), Cause.EDITED, "pcs")
    assert (found.commerce, found.dynamics, summary.unexplained) == (Decimal(6), Decimal(5), 1)
    await runs(finance, found.command)
    assert (await reconciled(finance, "quantities"))[0] == []
    await undo()
    finance.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)})
    finance.commerce.cancel(order)
    await finance.delivers(order)
    assert (await reconciled(finance, "quantities"))[0] == []


@in_finance()
async def test_only_sums_of_a_known_record_are_taken(finance: Finance) -> None:
    order = await finance.placed()
    ledgers = Ledgers(finance.services, CONNECTION, "orders")
    for key, sums in ((key_of(order), "all fine"), ("000009999@1", "orders: x")):
        with pytest.raises(Problem):
            await accepted(ledgers, "orders", key, sums, why="x", by="ann")
