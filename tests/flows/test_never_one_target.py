"""Any two documents of another store, currency, amount or account have each a target of its own, or
the second is parked: under numbers of ours and of theirs, with every kind of template, whatever
answer is lost on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from sandbox.commerce.catalogue import STORES
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Kind
from sync.engine.claim import State
from tests.flows.finance import FREE_CREDIT, FREE_TEXT, Finance, key
from tests.harness import CUSTOMER, GUEST, key_of
from tests.properties import examples
from tests.systems import merged
from tests.virtual_time import virtually

TWIN: Final = replace(STORES[0], id=3, code="twin", prefix="")
"""A store view with the currency, prices and numbers of the first."""


@dataclass(frozen=True)
class Recipe:
    """A document of a flow: settings that make it so, and where F&O keeps it."""

    flow: str
    table: str
    changes: Mapping[str, Any]


RECIPES: Final = {
    "sales order": Recipe("orders", "SalesTable", {}),
    "payment": Recipe("invoices", "CustomerPaymentJournalLines", {}),
    "free text": Recipe("invoices", "FreeTextInvoiceHeaders", {"invoices": FREE_TEXT}),
    "return": Recipe("creditmemos", "ReturnOrderHeadersV2", {}),
    "free text credit": Recipe(
        "creditmemos", "FreeTextInvoiceHeaders", {"creditmemos": FREE_CREDIT}
    ),
}
LETTERS: Final = {"orders": "", "invoices": "I", "creditmemos": "C"}
WITH_STORE: Final = ("{store_id}-", "S{store_id}/", "")
"""Before an increment id: as by default, as an operator may want it, and without the store, which
is refused where several store views can send."""

DOCUMENTS = st.tuples(
    st.sampled_from([STORES[0], STORES[1], TWIN]),
    st.sampled_from(["SIMPLE-001", "SIMPLE-003"]),
    st.sampled_from([CUSTOMER, GUEST]),
)
"""Store, what is sold, and to whom."""


TWINS: Final = ((STORES[0], "SIMPLE-001", CUSTOMER), (STORES[1], "SIMPLE-003", CUSTOMER))
"""Documents of one customer with equal numbers, and nothing else in common."""


@example(recipe="sales order", numbers="ours", prefix="", two=TWINS, lost=None)
@example(recipe="payment", numbers="theirs", prefix="", two=TWINS, lost=None)
@example(recipe="free text", numbers="theirs", prefix="", two=TWINS, lost=None)
@example(recipe="return", numbers="theirs", prefix="", two=TWINS, lost=None)
@settings(max_examples=examples(10), phases=(Phase.explicit, Phase.generate))
@given(
    recipe=st.sampled_from(sorted(RECIPES)), numbers=st.sampled_from(["ours", "theirs"]),
    prefix=st.sampled_from(WITH_STORE), two=st.tuples(DOCUMENTS, DOCUMENTS),
    lost=st.sampled_from([None, Kind.LOST, Kind.ERROR_AFTER, Kind.DROPPED]),
)  # fmt: skip
def test_documents_of_another_store_currency_amount_or_account_never_share_a_target(
    recipe: str, numbers: str, prefix: str, two: Any, lost: Kind | None
) -> None:
    virtually(_apart(RECIPES[recipe], numbers, prefix, two, lost))


def _settings(recipe: Recipe, numbers: str, prefix: str) -> Mapping[str, Any]:
    template = f"{prefix}{LETTERS[recipe.flow]}{{increment_id}}"
    named = {"reference_template": template}
    if recipe.flow != "invoices":
        named["number_template"] = template
    modes = {"orders": {"numbers": numbers}, "customers": {"numbers": numbers}}
    return merged(merged(modes, {recipe.flow: named}), recipe.changes)


async def _apart(recipe: Recipe, numbers: str, prefix: str, two: Any, lost: Kind | None) -> None:
    finance = Finance(_settings(recipe, numbers, prefix))
    shop = finance.commerce
    shop.catalogue = shop.maker.catalogue = replace(shop.catalogue, stores=(*STORES, TWIN))
    try:
        made, keys = await _made(finance, recipe.flow, two)
        await finance.hook(recipe.flow, _told(recipe.flow, made[0]))
        await finance.works_until_idle()
        if lost is not None:
            finance.ledger_dials.next(lost, where=lambda arrival: arrival.writes)
        await finance.hook(recipe.flow, _told(recipe.flow, made[1]))
        await finance.settled()
        claims = [await finance.claim(one, recipe.flow) for one in keys]
        targets = [claim.number for claim in claims if claim.number]
        (first, _, whose), (second, _, whose_second) = two
        differs = whose is not whose_second or any(
            made[0][name] != made[1][name] for name in ("order_currency_code", "grand_total")
        )
        if prefix or recipe.flow == "orders" or differs or first is second:
            assert len(set(targets)) == len(targets) == len(finance.rows(recipe.table)), claims
            assert all(claim.number or claim.state is State.PARKED for claim in claims)
        if prefix or first is second:
            assert await finance.parked(recipe.flow) == []
    finally:
        await finance.close()


async def _made(finance: Finance, flow: str, two: Any) -> tuple[list[Columns], list[str]]:
    """Two documents of a flow, with equal numbers where they are of two store views, and their
    keys."""
    orders: list[StoredOrder] = []
    for store, sku, shopper in two:
        order = finance.place(store=store, skus=(sku,), shopper=shopper)
        if flow == "orders" and orders and order.row["store_id"] != orders[0].row["store_id"]:
            order.row["increment_id"] = orders[0].row["increment_id"]
        if flow != "orders":
            await finance.delivers(order)
        orders.append(order)
    if flow == "orders":
        return [order.row for order in orders], [key_of(order) for order in orders]
    documents = [_document(finance, flow, order) for order in orders]
    if documents[0]["store_id"] != documents[1]["store_id"]:
        documents[1]["increment_id"] = documents[0]["increment_id"]
    return documents, [key(document) for document in documents]


def _document(finance: Finance, flow: str, order: StoredOrder) -> Columns:
    invoice = finance.commerce.invoice(order)
    if flow == "invoices":
        return invoice
    finance.ships(order)
    return finance.commerce.refund(order, shipping=Decimal(0))


def _told(flow: str, document: Columns) -> Mapping[str, Any]:
    name = {"orders": "order", "invoices": "invoice", "creditmemos": "creditmemo"}[flow]
    told = {"increment_id": document["increment_id"], "store_id": document["store_id"]}
    return {"data": {name: told}}
