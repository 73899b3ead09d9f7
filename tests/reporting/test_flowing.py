"""Both systems' books become figures that tie to them: through the readers, against the sandbox."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sandbox.commerce.amounts import Rule
from sandbox.dynamics.inventory_costs import close
from sync.core.money import ZERO, total
from sync.reporting.building import Build, Built
from sync.reporting.duck import opened
from sync.reporting.figures import Asked, answered
from sync.reporting.from_systems import Reported, shape_of, sources_of, terms_of
from tests.flows.finance import GERMAN, Finance, in_finance
from tests.reconcile.planted import reconciled
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
