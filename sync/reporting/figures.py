"""The figures: what is added up of which fact, by what, in which currency. `docs/reporting.md` has
their definitions.

Amounts of different currencies are never added: in the currency of the document or of the books
each has a row of its own. In the group's currency `unconverted` counts what has no rate, which is
in no sum.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sync.core.errors import Never
from sync.reporting.duck import copied, fetched
from sync.reporting.star import star_file, star_views

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

DOCUMENT, BOOKS, GROUP = "document", "books", "group"
BASES: Final = (DOCUMENT, BOOKS, GROUP)
MONTH: Final = "strftime(f.day, '%Y-%m')"
PLACED: Final[Mapping[str, str]] = {
    "month": MONTH, "day": "f.day", "company": "f.company", "shop": "f.shop", "store": "f.store",
    "brand": "f.brand",
}  # fmt: skip
ORDERED: Final[Mapping[str, str]] = {**PLACED, "region": "f.region"}
LINED: Final[Mapping[str, str]] = {**ORDERED, "item": "f.sku", "channel": "f.channel"}
OF_ORDER: Final = {"document": "f.order_key"}
OF_INVOICE: Final = {"document": "f.number", "account": "f.account"}
FISCAL: Final = {
    "fiscal_year": "d.fiscal_year",
    "fiscal_quarter": "d.fiscal_quarter",
    "fiscal_month": "d.fiscal_month",
}
NET: Final = {DOCUMENT: "f.net", BOOKS: "f.net_books", GROUP: "f.net_group"}
SALES: Final = "NOT f.is_intercompany"


@dataclass(frozen=True)
class Figure:
    """`amounts`: basis -> what is added up. `by`: what it can be told by. `also`: further columns.
    `key`: a row's document, of which the number is told."""

    name: str
    about: str
    fact: str
    amounts: Mapping[str, str]
    by: Mapping[str, str]
    where: str = "true"
    key: str = "(f.shop, f.order_key)"
    also: str = ""

    @property
    def is_confidential(self) -> bool:
        """Whether it tells cost."""
        return self.fact == "fact_margins"


FIGURES: Final = (
    Figure("ordered", "What was ordered, with tax: ties to `reconcile --kind orders`.",
           "fact_orders",
           {DOCUMENT: "f.amount", BOOKS: "f.amount_books", GROUP: "f.amount_group"},
           {**ORDERED, **OF_ORDER}, "NOT f.is_void"),
    Figure("intake", "Order intake: what was ordered, without tax, after discount.",
           "fact_order_lines", NET, {**LINED, **OF_ORDER}, "NOT f.is_void"),
    Figure("shipped", "What was shipped, at the net of its order line.", "fact_shipments",
           {DOCUMENT: "f.net"},
           {**ORDERED, **OF_ORDER, "item": "f.sku"}),
    Figure("invoiced", "Invoices without tax; no credit notes.", "fact_invoice_lines", NET,
           {**LINED, **OF_INVOICE}, f"{SALES} AND NOT f.is_credit", "(f.company, f.number)"),
    Figure("returned", "Credit notes without tax, in the period of the credit note; negative.",
           "fact_invoice_lines", NET, {**LINED, **OF_INVOICE}, f"{SALES} AND f.is_credit",
           "(f.company, f.number)"),
    Figure("net", "Net revenue: invoices less credit notes, without tax.", "fact_invoice_lines",
           NET, {**LINED, **OF_INVOICE}, SALES, "(f.company, f.number)"),
    Figure("open", "What customers owe, with tax, by the day of the transaction.",
           "fact_receivables", {DOCUMENT: "f.open"},
           {"month": MONTH, "day": "f.day", "company": "f.company", "account": "f.account",
            "document": "f.voucher",
            "age": "CASE WHEN f.due IS NULL OR f.due >= $today THEN 'not due'"
                   " WHEN $today - f.due <= 30 THEN '1-30' WHEN $today - f.due <= 60 THEN '31-60'"
                   " WHEN $today - f.due <= 90 THEN '61-90' ELSE 'over 90' END"},
           "f.open <> 0", "(f.company, f.voucher)"),
    Figure("promotions", "Discount by rule: a line with several rules shares it among them, so it"
           " adds up; `touched` is the net of the lines that a rule was applied to, and does not.",
           "fact_promotion_uses", {DOCUMENT: "f.discount"},
           {**ORDERED, **OF_ORDER, "item": "f.sku", "campaign": "f.rule"}, "NOT f.is_void",
           also="sum(f.net) AS touched, sum(CASE WHEN f.is_first THEN f.net END) AS lines_net"),
    Figure("margin", "Net revenue less posted cost, in the books' currency. Provisional until the"
           " inventory is closed; lines whose cost is missing are in `uncosted` only.",
           "fact_margins",
           {BOOKS: "CASE WHEN f.state <> 'missing' THEN f.net_books - f.cost END"},
           {**LINED, **OF_INVOICE}, key="(f.company, f.number)",
           also="sum(CASE WHEN f.state <> 'missing' THEN f.net_books END) AS revenue,"
                " sum(CASE WHEN f.state <> 'missing' THEN f.cost END) AS cost,"
                " sum(CASE WHEN f.state = 'provisional' THEN f.net_books - f.cost END)"
                " AS provisional,"
                " sum(CASE WHEN f.state = 'missing' THEN f.net_books END) AS uncosted"),
    Figure("carts", "Carts that were not ordered, by the day of their last change: what their goods"
           " are worth before discounts and charges.", "fact_carts", {DOCUMENT: "f.worth"},
           {**PLACED, "document": "f.cart_id"}, "f.is_active AND NOT f.is_quote AND f.worth <> 0",
           "(f.shop, f.cart_id)"),
    Figure("quotes", "Negotiable quotes by the day on which their carts were begun: what their"
           " goods are worth at the price offered.", "fact_quotes", {DOCUMENT: "f.worth"},
           {**PLACED, "status": "f.status", "document": "f.cart_id"}, key="(f.shop, f.cart_id)"),
    Figure("rmas", "What customers want to send back, at the net of its order line, by the day of"
           " the request.", "fact_returns", {DOCUMENT: "f.net"},
           {**ORDERED, "item": "f.sku", "status": "f.status", "reason": "f.reason",
            "document": "f.rma_id"}, key="(f.shop, f.rma_id)",
           also="sum(f.requested) AS requested, sum(f.returned) AS returned,"
                " sum(f.approved) AS approved"),
    Figure("funnel", "Orders, and what of them was shipped, invoiced and paid, with tax, by the"
           " month of the order; with how many are open, and the oldest of them in days.",
           "fact_orders", {DOCUMENT: "f.amount"},
           {**ORDERED, **OF_ORDER}, "NOT f.is_void",
           also="sum(f.shipped) AS shipped, sum(f.invoiced) AS invoiced, sum(f.paid) AS paid,"
                " count(*) FILTER (f.is_unshipped) AS unshipped,"
                " max($today - f.day) FILTER (f.is_unshipped) AS unshipped_age,"
                " count(*) FILTER (f.is_uninvoiced) AS uninvoiced,"
                " max($today - f.day) FILTER (f.is_uninvoiced) AS uninvoiced_age,"
                " count(*) FILTER (f.paid < f.invoiced) AS unpaid,"
                " max($today - f.invoiced_day) FILTER (f.paid < f.invoiced) AS unpaid_age"),
)  # fmt: skip
BY_NAME: Final = {one.name: one for one in FIGURES}
EVER: Final = date(1990, 1, 1)


def first_day(figure: str, usual: date) -> date:
    """From when on a figure is told where nobody says: what is owed, of all time."""
    return EVER if figure == "open" else usual


@dataclass(frozen=True)
class Asked:
    """A question. `days`: first and last, both included. `today`: ages count up to it."""

    figure: str
    by: Sequence[str]
    basis: str
    days: tuple[date, date]
    today: date
    group_currency: str = ""


@dataclass(frozen=True)
class Answer:
    """`columns` and rows of them, once; amounts are Decimals."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]
    to_parquet: Callable[[Path], int]

    def as_dicts(self) -> Iterator[dict[str, Any]]:
        """One per row."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


def answered(duck: "Duck", root: Path, asked: Asked) -> Answer:
    """The figure. Raises `Never` for what it cannot be told by, or where nothing was built."""
    figure = _figure(asked)
    if not star_file(root, figure.fact).exists():
        raise Never(f"{figure.name}: there is no data for it yet", remedy=_remedy(figure))
    star_views(duck, root)
    sql = _sql(figure, asked)
    named = _named(sql, asked)
    found = duck.execute(sql, named)
    columns = tuple(str(one[0]) for one in found.description or ())
    return Answer(columns, fetched(found), partial(copied, duck, sql, named))


def _named(sql: str, asked: Asked) -> dict[str, Any]:
    """The values that a query asks for by name."""
    first, last = asked.days
    named = {
        "first": first, "last": last, "today": asked.today,
        "group_currency": asked.group_currency,
    }  # fmt: skip
    return {name: value for name, value in named.items() if f"${name}" in sql}


def _figure(asked: Asked) -> Figure:
    figure = BY_NAME.get(asked.figure)
    if figure is None:
        raise Never(
            f"no figure is called {asked.figure}", remedy=f"Name one of: {', '.join(BY_NAME)}."
        )
    known = {**figure.by, **FISCAL}
    if strange := [one for one in asked.by if one not in known]:
        raise Never(
            f"{figure.name} cannot be told by {', '.join(strange)}",
            remedy=f"Name of these: {', '.join(known)}.",
        )
    if asked.basis not in figure.amounts:
        raise Never(
            f"{figure.name} is not told in the currency of the {asked.basis}",
            remedy=f"Name one of: {', '.join(figure.amounts)}.",
        )
    return figure


def _remedy(figure: Figure) -> str:
    if figure.is_confidential:
        return "Set reporting.cost to true, then run: python -m sync report build"
    return "Run: python -m sync report build"


def _sql(figure: Figure, asked: Asked) -> str:
    amount = figure.amounts[asked.basis]
    currency = {DOCUMENT: "f.currency", BOOKS: "c.currency", GROUP: "$group_currency::VARCHAR"}
    names = {**figure.by, **FISCAL}
    told = [f"{names[one]} AS {one}" for one in dict.fromkeys(asked.by)]
    measures = [
        f"{currency[asked.basis]} AS currency", f"count(DISTINCT {figure.key}) AS documents",
        f"sum({amount}) AS amount", *([figure.also] if figure.also else []),
    ]  # fmt: skip
    if asked.basis != DOCUMENT and not figure.is_confidential:
        measures.append(f"count(*) FILTER ({amount} IS NULL) AS unconverted")
    return (
        f"SELECT {', '.join([*told, *measures])} FROM {figure.fact} f"
        " LEFT JOIN dim_company c USING (company) LEFT JOIN dim_date d USING (day)"
        f" WHERE f.day BETWEEN $first AND $last AND {figure.where}"
        " GROUP BY ALL ORDER BY ALL"
    )
