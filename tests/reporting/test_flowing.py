"""Both systems' books become figures that tie to them: through the readers, against the sandbox."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from sandbox.commerce.amounts import Rule
from sandbox.commerce.catalogue import STORES
from sandbox.dynamics.inventory_costs import close
from sync.core.money import ZERO, total
from sync.engine.demand_told import DemandTold
from sync.operating.reports import forget_later, stored, to_forget
from sync.reporting import cart_rows
from sync.reporting.building import Build, Built
from sync.reporting.containers import KeptInContainers
from sync.reporting.duck import opened
from sync.reporting.figures import Asked, answered
from sync.reporting.from_systems import Reported, sources_of
from sync.reporting.job import build_all
from sync.reporting.terms import shape_of, terms_of
from tests.flows.b2b import KIM
from tests.flows.finance import GERMAN, Finance, in_finance
from tests.infra.bicep import bicep
from tests.reconcile.planted import reconciled
from tests.reporting.container_double import Account
from tests.reporting.test_containers import doubles
from tests.reporting.test_forgetting import named
from tests.reporting.years import CONNECTION as YEAR
from tests.systems import COMPANY, CONNECTION

REPORTING: Final[dict[str, Any]] = {
    "company_currencies": {"usmf": "USD"}, "brands": {"default": "Acme"},
    "regions": {"US": "America"},
}  # fmt: skip
DAYS: Final = (date(2000, 1, 1), date(2100, 1, 1))


async def built(finance: Finance, root: Path) -> Built:
    systems = await finance.services.systems_pool.open(CONNECTION)
    reported = [await Reported.of(systems)]
    build = Build(root, finance.clock, shape_of(reported), terms_of(reported))
    return await build.run(sources_of(reported, finance.clock.now()))


def figure(root: Path, name: str, *by: str, basis: str = "document") -> list[dict[str, Any]]:
    with opened(root / "spill") as duck:
        asked = Asked(name, by, basis, DAYS, date(2100, 1, 1))
        return [*answered(duck, root, asked).as_dicts()]


def amount(root: Path, name: str) -> Decimal:
    return total(row["amount"] for row in figure(root, name))


@in_finance(flows=("orders", "customers", "invoices"), reporting=REPORTING)
async def test_orders_invoices_and_shipments_tie_to_both_books(
    finance: Finance, tmp_path: Path
) -> None:
    orders = [await finance.placed(rule=Rule("percent", Decimal(10))) for _ in range(2)]
    orders.append(await finance.placed(store=GERMAN))
    gone = await finance.placed()
    finance.commerce.cancel(gone)
    finance.ships(orders[0], tax=orders[0].amount("tax_amount"))
    await finance.works_for(60)
    first = await built(finance, tmp_path)
    assert first.trouble == {}
    _, summary = await reconciled(finance, "orders")
    told = {row["currency"]: Decimal(row["commerce"]) for row in summary.totals()}
    assert {row["currency"]: row["amount"] for row in figure(tmp_path, "ordered")} == told
    assert len(told) == 2
    net = total(one.amount("grand_total") - one.amount("tax_amount") for one in orders)
    assert amount(tmp_path, "intake") == net
    shipped = orders[0].amount("grand_total") - orders[0].amount("tax_amount")
    assert amount(tmp_path, "net") == shipped
    (uses,) = figure(tmp_path, "promotions", "campaign")
    assert uses["campaign"] == 3
    assert uses["amount"] == -total(one.amount("discount_amount") for one in orders)
    again = await built(finance, tmp_path)
    assert again.trouble == {}
    assert amount(tmp_path, "intake") == net


@in_finance(flows=("orders", "customers", "invoices"), reporting={**REPORTING, "cost": True})
async def test_margin_is_provisional_until_the_inventory_is_closed(
    finance: Finance, tmp_path: Path
) -> None:
    finance.dynamics.books_of(COMPANY).costs["SIMPLE-001"] = Decimal("3.10")
    order = await finance.placed(**finance.wants("SIMPLE-001", "SIMPLE-002", pieces=2))
    finance.ships(order, tax=order.amount("tax_amount"))
    assert (await built(finance, tmp_path)).trouble == {}
    (row,) = figure(tmp_path, "margin", basis="books")
    assert row["cost"] == Decimal("6.20")
    assert row["provisional"] == row["revenue"] - row["cost"]
    assert row["uncosted"] > ZERO
    (posted,) = finance.rows("CustInvoiceJourBiEntities")
    close(finance.dynamics, posted["InvoiceId"], Decimal("-0.05"))
    await finance.works_for(60)
    await built(finance, tmp_path)
    (closed,) = figure(tmp_path, "margin", basis="books")
    assert (closed["cost"], closed["provisional"]) == (Decimal("6.25"), None)
    assert closed["amount"] == row["amount"] - Decimal("0.05")
    shared = [one for one in (tmp_path / "shared").rglob("*.parquet") if "cost" in str(one)]
    assert shared == []


@in_finance(flows=("orders", "customers"), reporting={**REPORTING, "also": ["carts", "returns"]})
async def test_quotes_and_returns_are_told_as_they_stand_now(
    finance: Finance, tmp_path: Path
) -> None:
    """An RMA has no time of change: one that was open is read until it is over."""
    quote = finance.commerce.request_quote(KIM, STORES[0], {"SIMPLE-006": 2}, comment="?")
    other = finance.commerce.request_quote(KIM, STORES[0], {"SIMPLE-006": 1}, comment="?")
    order = await finance.placed(**finance.wants("SIMPLE-001", pieces=3))
    finance.ships(order)
    rma = finance.commerce.request_return(order, {order.items[0]["item_id"]: 2})
    await finance.works_for(3600)
    assert (await built(finance, tmp_path)).trouble == {}
    price = finance.commerce.catalogue.product("SIMPLE-006").price
    (asked,) = figure(tmp_path, "quotes", "status")
    assert (asked["status"], asked["documents"], asked["amount"]) == ("created", 2, 3 * price)
    (back,) = figure(tmp_path, "rmas", "status")
    (line,) = figure(tmp_path, "intake", "item")[1:]
    assert (back["status"], back["requested"]) == ("pending", 2)
    assert abs(back["amount"] - line["amount"] * 2 / 3) < Decimal("0.01")
    finance.commerce.decline_quote(quote.id, "no")
    closed = {**rma, "status": "closed"}
    finance.commerce.rmas[rma["entity_id"]] = closed
    await finance.works_for(3600)
    assert (await built(finance, tmp_path)).trouble == {}
    now = {row["status"]: row["documents"] for row in figure(tmp_path, "quotes", "status")}
    assert now == {"declined": 1, other.status: 1}
    assert [row["status"] for row in figure(tmp_path, "rmas", "status")] == ["closed"]
    assert figure(tmp_path, "carts") == []


class Recording:
    """Tables that remember which of them were used."""

    def __init__(self, tables: Any) -> None:
        self.tables, self.used = tables, set[str]()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.tables, name)

        def recorded(table: str, *given: Any, **named_: Any) -> Any:
            self.used.add(table)
            return method(table, *given, **named_)

        return recorded


WITH_DEMAND: Final = {
    "flows": ("orders", "customers", "invoices", "demand"),
    "demand": {"model": "M"},
}


@in_finance(**WITH_DEMAND, reporting=REPORTING)
async def test_an_account_is_off_the_list_once_it_is_gone_from_where_the_data_stays(
    finance: Finance, tmp_path: Path
) -> None:
    finance.ships(await finance.placed())
    await finance.works_for(60)
    (posted,) = finance.rows("CustInvoiceJourBiEntities")
    there, account = Account(), posted["InvoiceAccount"]
    recording = Recording(finance.systems.tables)
    finance.opens_one_of_many(tables=recording)

    async def night(disk: str) -> Path:
        keeping = KeptInContainers(tmp_path / disk, doubles(there))
        services = finance.services
        reported = [await Reported.of(await services.systems_pool.open(CONNECTION))]
        await build_all(reported, services.edition_parts, keeping, tmp_path / disk, lambda *_: None)
        return tmp_path / disk

    assert named(await night("first"), COMPANY, account)
    await forget_later(finance.systems.tables, COMPANY, account)
    there.dies_at = there.changes + 2
    with pytest.raises(KeyboardInterrupt):
        await night("killed")
    there.dies_at = None
    last = await night("last")
    assert named(last, COMPANY, account) == []
    assert [one async for one in to_forget(finance.systems.tables)] == []
    assert await stored(finance.systems.tables)
    told = await DemandTold(finance.systems.tables).of(COMPANY)
    assert told is not None
    assert told.pieces == {}, "of a day nothing can be forecast"
    assert "demand" in {one.figure for one in await stored(finance.systems.tables)}
    assert recording.used <= {*bicep("report-roles").tree["variables"]["jobTables"]["value"]}


def test_of_a_cart_nothing_is_told_of_its_buyer_and_what_is_ordered_keeps_its_worth() -> None:
    """Commerce lists no rows of a cart that is not active: its worth is unknown, not nothing."""
    raw = {
        "id": 7, "store_id": 1, "created_at": "2026-01-02 03:04:05", "is_active": True,
        "updated_at": "2026-02-02 03:04:05", "customer_is_guest": False,
        "customer": {"email": "kim@example.com", "lastname": "Kim"},
        "items": [
            {"sku": "A", "qty": 2, "price": Decimal("10.25")},
            {"sku": "B", "qty": 1, "price": 1},
        ],
        "currency": {"quote_currency_code": "USD"},
    }  # fmt: skip
    (row,) = cart_rows.cart("east", YEAR, raw)["carts"]
    assert (row["pieces"], row["worth"], row["month"]) == (3, Decimal("21.50"), "2026-02")
    assert "im@" not in str(row)
    (ordered,) = cart_rows.cart("east", YEAR, {**raw, "is_active": False, "items": None})["carts"]
    assert (ordered["worth"], ordered["is_active"]) == (None, False)
    (emptied,) = cart_rows.cart("east", YEAR, {**raw, "items": []})["carts"]
    assert emptied["worth"] == ZERO
