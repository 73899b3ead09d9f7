"""Both systems' books become figures that tie to them: through the readers, against the sandbox."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from sandbox.commerce.amounts import Rule
from sandbox.commerce.carts import checks_out, signs_in
from sandbox.commerce.catalogue import STORES, Shopper
from sandbox.dynamics.inventory_costs import close
from sync.config.connections import Connection
from sync.core.money import ZERO, total
from sync.engine.demand_told import DemandTold
from sync.engine.report_builds import LastBuild, last_build, note_build
from sync.mapping.references import RECORDS
from sync.operating.reports import forget_later, stored, to_forget
from sync.reporting.building import Build, Built, cleared
from sync.reporting.containers import KeptHere, KeptInContainers
from sync.reporting.duck import opened
from sync.reporting.figures import Asked, answered
from sync.reporting.from_systems import Reported, sources_of
from sync.reporting.job import build_all
from sync.reporting.sources import Cursor
from sync.reporting.star import star_views
from sync.reporting.state import State
from sync.reporting.terms import shape_of, terms_of
from tests.flows.b2b import KIM
from tests.flows.finance import GERMAN, Finance, in_finance
from tests.flows.returns import Returning, in_returns
from tests.infra.bicep import bicep
from tests.reconcile.planted import reconciled
from tests.reporting.container_double import Account
from tests.reporting.test_containers import doubles
from tests.reporting.test_forgetting import named
from tests.systems import COMPANY, CONNECTION, SETTINGS, merged

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
    with opened(tmp_path / "spill") as duck:
        star_views(duck, tmp_path)
        lines = duck.execute("SELECT DISTINCT store, warehouse FROM fact_order_lines ORDER BY ALL")
        assert lines.fetchall() == [("1", "13"), ("2", "13")]


@in_finance(flows=("orders", "customers", "invoices"), reporting=REPORTING)
async def test_what_is_owed_is_read_whatever_its_age(finance: Finance, tmp_path: Path) -> None:
    """What was settled before the months that reports read is left out. A pro forma invoice is no
    revenue."""
    for _ in range(3):
        finance.ships(await finance.placed())
    store, name = finance.dynamics.store, "CustTransBiEntities"
    owed, paid, late = finance.rows(name)
    old = {"SysModifiedDateTime": finance.clock.now() - timedelta(days=1500)}
    store.update(name, owed, old)
    store.update(name, paid, {**old, "Closed": datetime(2022, 1, 1, 12, tzinfo=UTC)})
    drawn, *posted = finance.rows("CustInvoiceJourBiEntities")
    store.update("CustInvoiceJourBiEntities", drawn, {"Proforma": "Yes"})
    for _ in range(2):
        assert (await built(finance, tmp_path)).trouble == {}
        assert amount(tmp_path, "open") == owed["AmountCur"] + late["AmountCur"]
    net = total(row["InvoiceAmount"] - row["SumTax"] for row in posted)
    assert amount(tmp_path, "net") == net
    cleared(tmp_path)
    stopped = State(tmp_path / "state.json", shape=State.of(tmp_path).shape)
    stopped.cursors[f"receivables|{COMPANY}"] = Cursor(old["SysModifiedDateTime"].isoformat())
    stopped.save()
    await built(finance, tmp_path)
    assert amount(tmp_path, "open") == owed["AmountCur"] + late["AmountCur"]


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
    finance.commerce.set_rma(rma, "closed")
    await finance.works_for(3600)
    assert (await built(finance, tmp_path)).trouble == {}
    now = {row["status"]: row["documents"] for row in figure(tmp_path, "quotes", "status")}
    assert now == {"declined": 1, other.status: 1}
    assert [row["status"] for row in figure(tmp_path, "rmas", "status")] == ["closed"]
    assert figure(tmp_path, "carts") == []


@in_returns(reporting=REPORTING)
async def test_credit_notes_of_memos_and_returns_are_of_the_order(
    shop: Returning, tmp_path: Path
) -> None:
    order = await shop.sold(pieces=3)
    memo = shop.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)})
    await shop.books(memo, "creditmemos")
    rma = await shop.requested(order, 1)
    shop.receives(rma)
    shop.dynamics.post_return(shop.returned(memo)["ReturnOrderNumber"], COMPANY)
    shop.credits(rma)
    assert (await built(shop, tmp_path)).trouble == {}
    rows = figure(tmp_path, "returned", "document", "region", "brand")
    assert [(one["region"], one["brand"]) for one in rows] == [("America", "Acme")] * 2


@pytest.mark.parametrize(
    ("template", "reference", "found"),
    [
        ("WEB-{increment_id}", "WEB-42", ("orders", "42@1")),
        ("WEB-{increment_id}", "PO 42", ("", "")), ("{increment_id}", "42", ("", "")),
        ("{store_id}-{increment_id}", "1-42", ("orders", "42@1")),
        ("{store_id}-{increment_id}", "2-42", ("", "")),
    ],
)  # fmt: skip
def test_references_without_a_store_are_of_the_only_one_there_is(
    template: str, reference: str, found: tuple[str, str]
) -> None:
    own = merged(SETTINGS, {"orders": {"reference_template": template}})
    systems: Any = SimpleNamespace(settings=Connection.model_validate(own))
    invoice = {"reference": reference, "sales_order": "SO-1", "amount": Decimal(7)}
    assert Reported(systems, [{"id": 1}]).record_of(invoice) == found


@pytest.mark.parametrize(
    ("letter", "amount", "sales_order", "kind"),
    [
        ("C", -7, "", "creditmemos"), ("C", 7, "SO-1", "orders"), ("R", -7, "RO-1", "returns"),
        ("R", 7, "SO-1", "orders"), ("I", 7, "", "invoices"), ("I", 7, "SO-1", "orders"),
    ],
)  # fmt: skip
def test_an_order_whose_number_begins_with_a_letter_is_no_credit_memo(
    letter: str, amount: int, sales_order: str, kind: str
) -> None:
    own = merged(SETTINGS, {"flows": [*RECORDS, "customers"]})
    systems: Any = SimpleNamespace(settings=Connection.model_validate(own))
    invoice = {
        "reference": f"1-{letter}42", "sales_order": sales_order, "amount": Decimal(amount),
    }  # fmt: skip
    assert Reported(systems, [{"id": 1}]).record_of(invoice)[0] == kind


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


@in_finance(flows=("orders", "customers"), reporting=REPORTING)
async def test_that_no_build_is_whole_is_an_alert_until_one_is(
    finance: Finance, tmp_path: Path
) -> None:
    services, tables, now = finance.services, finance.systems.tables, finance.clock.now()

    async def told() -> list[str]:
        await services.watch.look()
        standing = await services.watch.alerting.standing()
        now = [one.alert for one in standing if not one.gone_at]
        return [one.text for one in now if one.cause == "report|build"]

    assert await told() == []
    assert await last_build(tables, now + timedelta(days=9)) == LastBuild(now)
    await note_build(tables, now - timedelta(hours=51), "")
    await note_build(tables, now, "invoices|usmf: is refused")
    (text,) = await told()
    assert "invoices|usmf: is refused" in text
    reported = [await Reported.of(await services.systems_pool.open(CONNECTION))]
    await build_all(reported, services.edition_parts, KeptHere(), tmp_path, lambda *_: None)
    assert await told() == []


@in_finance(flows=("orders", "customers"), reporting={**REPORTING, "also": ["carts"]})
async def test_carts_are_told_as_buyers_leave_and_order_them(
    finance: Finance, tmp_path: Path
) -> None:
    """Of one that is ordered Commerce lists no rows: it keeps the worth that it had last."""
    shop, guest = finance.commerce, Shopper("gil@example.com", "Gil", "Guest", "la")
    fills = partial(shop.request_quote, is_regular=False)
    bought = fills(KIM, STORES[0], {"SIMPLE-001": 2, "SIMPLE-002": 1})
    left = fills(guest, STORES[0], {"SIMPLE-006": 3})
    fills(guest, STORES[0], {})
    price = {sku: shop.catalogue.product(sku).price for sku in ("SIMPLE-001", "SIMPLE-002",
                                                               "SIMPLE-006")}  # fmt: skip
    worth = {
        bought.id: 2 * price["SIMPLE-001"] + price["SIMPLE-002"], left.id: 3 * price["SIMPLE-006"]
    }  # fmt: skip
    await finance.works_for(3600)
    assert (await built(finance, tmp_path)).trouble == {}
    assert told_carts(tmp_path) == {
        (cart, True, cart == left.id, amount) for cart, amount in worth.items()
    }
    (all_,) = figure(tmp_path, "carts")
    assert (all_["documents"], all_["amount"]) == (2, total(worth.values()))
    order = checks_out(shop, bought)
    await finance.works_for(3600)
    await built(finance, tmp_path)
    assert told_carts(tmp_path) == {
        (bought.id, False, False, worth[bought.id]), (left.id, True, True, worth[left.id])
    }  # fmt: skip
    assert amount(tmp_path, "carts") == worth[left.id]
    assert amount(tmp_path, "ordered") == order.amount("grand_total")
    assert "@example.com" not in everything_in(tmp_path)


@pytest.mark.long
@in_finance(flows=("orders", "customers"), reporting={**REPORTING, "also": ["carts"]})
async def test_a_cart_that_commerce_deletes_stays_until_all_is_read_again(
    finance: Finance, tmp_path: Path
) -> None:
    """A guest's is put into that of the customer who they turn out to be."""
    shop, guest = finance.commerce, Shopper("gil@example.com", "Gil", "Guest", "la")
    fills = partial(shop.request_quote, is_regular=False)
    theirs = fills(KIM, STORES[0], {"SIMPLE-006": 1})
    left = fills(guest, STORES[0], {"SIMPLE-006": 3})
    await finance.works_for(3600)
    await built(finance, tmp_path)
    assert signs_in(shop, left, KIM) is theirs
    await finance.works_for(3600)
    await built(finance, tmp_path)
    price = shop.catalogue.product("SIMPLE-006").price
    kept = (left.id, True, True, 3 * price)
    assert told_carts(tmp_path) == {(theirs.id, True, False, 4 * price), kept}
    cleared(tmp_path)
    State(tmp_path / "state.json").save()
    await built(finance, tmp_path)
    assert told_carts(tmp_path) == {(theirs.id, True, False, 4 * price)}


def told_carts(root: Path) -> set[tuple[Any, ...]]:
    """Id, whether it is active and a guest's, and worth; none without rows."""
    with opened(root / "spill") as duck:
        star_views(duck, root)
        rows = "SELECT cart_id, is_active, is_guest, worth FROM fact_carts WHERE worth <> 0"
        return {*duck.execute(rows).fetchall()}


def everything_in(root: Path) -> str:
    with opened(root / "spill") as duck:
        files = [*root.rglob("*.parquet")]
        assert files
        return " ".join(
            str(duck.execute(f"FROM read_parquet('{one}')").fetchall()) for one in files
        )
