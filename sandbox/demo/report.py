"""What the demo prints for people: a page that a merchant reads in a minute."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sandbox.demo.cash import CashRow, Side
from sandbox.demo.figures import Price
from sandbox.demo.home import CAP
from sandbox.demo.reconciliation import Row
from sandbox.demo.scenario import Outcome
from sandbox.demo.stock import Offered
from sandbox.demo.told import Told
from sandbox.terms import NOVELTY
from sync.cli.output import plain
from sync.config.connections import NumberMode
from sync.core.money import total

WHOSE: Final = {NumberMode.OURS: "us", NumberMode.THEIRS: "Dynamics"}


def show(outcome: Outcome, console: Console, kept: Path | None) -> None:
    """The whole page. `kept`: where the home directory of the run is left."""
    console.print(
        f"{outcome.orders} orders in two shops, by webhooks and polling into two ledgers, in"
        f" {outcome.seconds} s."
    )
    console.print(f"Meanwhile went wrong, on purpose: {_listed(outcome)}.")
    _heading(console, "Reconciliation, from both systems' own books")
    console.print(_books(outcome.rows, outcome.goods.stock.offered))
    _heading(console, "Cash and credit, from both systems' own books")
    console.print(_cash(outcome.cash))
    console.print(
        f"Dynamics posted {outcome.read_back} invoices and credit notes meanwhile; their numbers"
        " were read back."
    )
    console.print(
        f"Of the orders, {outcome.company_orders} are companies' and stand on the companies'"
        f" accounts, and {outcome.variants} are of variants."
        f" `sync reconcile` compared {outcome.compared} documents and says the same."
    )
    _goods(outcome, console)
    _quotes(outcome, console)
    _activity(outcome, console)
    _told(outcome.told, console)
    _heading(console, "Parked, then mended")
    _parked(outcome, console)
    _heading(console, "Requests per order of five lines and a known customer")
    console.print(_prices(outcome.prices))
    p50, p99 = (Decimal(outcome.latency_ms[name]) / 1000 for name in ("p50", "p99"))
    console.print(
        f"From notification to posted, mishaps included: p50 {p50:.1f} s, p99 {p99:.1f} s.\n"
    )
    _verdict(outcome, console)
    if kept is not None:
        console.print(
            f"Left to look at: {kept} (connections.toml, tables.sqlite, host.log)", soft_wrap=True
        )


def _goods(outcome: Outcome, console: Console) -> None:
    stock, prices = outcome.goods.stock, outcome.goods.prices
    off, pieces = len(stock.findings), stock.pieces.normalize()
    console.print(
        f"Stock of {stock.skus} products was published meanwhile: {pieces:,f}"
        f" pieces are on offer, and F&O can deliver them; {off} differ."
    )
    console.print(
        f"Prices of {prices.skus} products were published meanwhile, and {prices.changes} changed;"
        f" {len(prices.findings)} differ."
    )
    console.print(
        f"F&O named {outcome.goods.named.skus} products in two languages, and some of them again"
        f" meanwhile; {len(outcome.goods.named.findings)} differ. Buyers of companies see"
        f" {outcome.goods.shared.products}; {len(outcome.goods.shared.findings)} differ."
    )
    _sent_and_invoiced(outcome, console)
    sent = outcome.sent
    console.print(
        f"{sent.companies} accounts of Dynamics are companies in the shops, with {sent.users}"
        f" users; {len(sent.findings)} differ."
    )
    console.print(
        f"{outcome.credited.companies} companies show what credit F&O leaves them;"
        f" {len(outcome.credited.findings)} differ."
    )


def _sent_and_invoiced(outcome: Outcome, console: Console) -> None:
    shipped = outcome.shipped
    console.print(
        f"Dynamics packed {shipped.slips} slips meanwhile: {shipped.pieces.normalize():,f} pieces"
        f" are shipped in the shops, with {shipped.tracked} tracking numbers;"
        f" {shipped.cancelled} orders were cancelled, {shipped.confirmed} confirmed;"
        f" {len(shipped.findings)} differ. {outcome.sent_back.returns} returns came back and were"
        f" refunded, as {outcome.sent_back.mails} mails told; {outcome.sent_back.cases} are"
        " resolved cases in Dataverse."
    )
    captured = outcome.captured
    console.print(
        f"Dynamics invoiced {captured.invoices} orders before their shop, which invoiced and"
        f" captured them then; {len(captured.findings)} differ."
    )
    changed = outcome.changed
    counted = ", ".join(f"{name} {qty.normalize():f}" for name, qty in changed.pieces.items())
    console.print(
        f"Dynamics changed {changed.orders} orders on their way, sent another item or never the"
        f" rest ({counted}); {changed.given_back:.2f} were given back;"
        f" {len(changed.findings)} differ."
    )


def _quotes(outcome: Outcome, console: Console) -> None:
    negotiated = outcome.negotiated
    console.print(
        f"{negotiated.quotes} quotes were negotiated, and {negotiated.orders} of them ordered;"
        f" {len(negotiated.findings)} differ."
    )


def _activity(outcome: Outcome, console: Console) -> None:
    active = outcome.active
    console.print(
        f"{active.accounts} accounts with a past were looked at: {active.tasks} tasks of sellers,"
        f" {active.completed} of them completed, and {active.leads} leads; {active.waiting} wait"
        f" for their seller's next day (at most {CAP} a day); {len(active.findings)} differ."
    )


def _told(told: Told, console: Console) -> None:
    console.print(
        f"The shops tell {told.numbers.numbers} numbers of Dynamics, {told.parcels.parcels} parcels"
        f" and {told.cases.told} times what became of {told.cases.cases} cases,"
        f" {told.cases.complaints} complaints; {len(told.findings)} differ. {told.demand.text}"
    )


def _heading(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", style="bold"))


def _listed(outcome: Outcome) -> str:
    parts = [f"{count} {what}" for what, count in outcome.incidents.items() if count]
    return ", ".join(parts) or "nothing"


def _table(*columns: str) -> Table:
    """Columns whose name ends in `>` are aligned right."""
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", show_edge=False
    )
    for column in columns:
        table.add_column(
            column.rstrip(">"), justify="right" if column.endswith(">") else "left", no_wrap=True
        )
    return table


def _books(rows: Iterable[Row], offered: Iterable[Offered]) -> Table:
    table = _table(
        "shop", "orders>", "cancelled>", "posted>", "lines>", "Commerce>", "Dynamics>", "off by>"
    )
    for row in rows:
        counts = (row.orders, row.cancelled, row.sales_orders, row.lines)
        table.add_row(
            f"{row.connection} {row.currency}", *(f"{count:,}" for count in counts),
            f"{row.commerce:,.2f}", f"{row.dynamics:,.2f}",
            Text(f"{row.difference:,.2f}", style="bold red" if row.difference else "green"),
        )  # fmt: skip
    for one in offered:
        off = one.commerce - one.dynamics
        table.add_row(
            f"{one.connection} {one.what}", *("",) * 4, f"{one.commerce:,.0f}",
            f"{one.dynamics:,.0f}", Text(f"{off:,.0f}", style="bold red" if off else "green"),
        )  # fmt: skip
    return table


def _cash(rows: Iterable[CashRow]) -> Table:
    table = _table(
        "shop", "side", "invoices>", "invoiced>", "refunds>", "refunded>", "net>", "off by>"
    )
    for row in rows:
        table.add_row(f"{row.connection} {row.currency}", "Commerce", *_side(row.commerce), "")
        off = Text(f"{row.difference:,.2f}", style="bold red" if row.difference else "green")
        table.add_row("", "Dynamics", *_side(row.dynamics), off)
    return table


def _side(side: Side) -> tuple[str, ...]:
    refunded = (f"{side.refunds:,}", f"{side.refunded:,.2f}")
    return (f"{side.invoices:,}", f"{side.invoiced:,.2f}", *refunded, f"{side.net:,.2f}")


def _parked(outcome: Outcome, console: Console) -> None:
    if not outcome.parked:
        console.print("Nothing was parked.")
        return
    for claim in outcome.parked[:1]:
        console.print(
            f"Orders that waited for a person: {len(outcome.parked)}, such as {claim.key} of"
            f" {claim.connection}:"
        )
        console.print(f"  {plain(claim.reason)}", soft_wrap=True)
        console.print(f"  What to do: {plain(claim.remedy)}", soft_wrap=True)
    console.print(
        f"It was done: {NOVELTY.sku} mapped, the orders replayed. They are in the sums above."
    )


def _prices(prices: Iterable[Price]) -> Table:
    table = _table(
        "shop", "order number by", "Dynamics, writes>", "Dynamics, reads>", "Commerce, reads>"
    )
    for price in prices:
        figures = (price.dynamics_writes, price.dynamics_reads, price.commerce_reads)
        each = (f"{price.each(figure):.2f}" for figure in figures)
        table.add_row(price.connection, WHOSE[price.numbers], *each)
    return table


def _verdict(outcome: Outcome, console: Console) -> None:
    if not outcome.findings:
        difference = total(
            abs(off)
            for off in (
                *(row.difference for row in outcome.rows), *(row.difference for row in outcome.cash)
            )
        )  # fmt: skip
        console.print(
            Text(
                "Everything agrees: every order, invoice and refund once, difference"
                f" {difference:.2f}.",
                style="bold green",
            )
        )
        return
    console.print(Text(f"Off: {len(outcome.findings)}", style="bold red"))
    for finding in outcome.findings[:20]:
        console.print(
            f"  {finding.connection} {finding.record} {plain(finding.what)}", soft_wrap=True
        )
    if len(outcome.findings) > 20:
        console.print(f"  and {len(outcome.findings) - 20} more (--json lists them all)")
