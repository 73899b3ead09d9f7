"""What only a person can say, asked after everything else was found out: rows that nothing plain
fits, codes of new accounts and lines, and those of the flows beside orders and customers. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sync.checks.causes import ROWS
from sync.checks.mapped_codes import Listed
from sync.core.errors import Missing
from sync.operating.discovery import Choice, Discovered
from sync.operating.proposals import proposed

SECTIONS: Final = ("orders.payments", "orders.deliveries", "orders.taxes", "customers.groups")
"""Tables whose rows are proposed from what recent orders need."""
FREE: Final = Missing("orders.payments", "free")
MORE_FLOWS: Final = (
    "invoices", "creditmemos", "posted_invoices", "stock", "shipments",
)  # fmt: skip
"""Flows that `init` can set up; the others need decisions that no code answers."""
ALWAYS: Final = (
    ("stores.default", "origin", "Sales origin of web orders", Listed.SALES_ORIGIN),
    ("items", "unit", "Unit of items whose mapping names none", Listed.UNIT),
    ("customers", "payment_terms", "Terms of payment of new accounts", Listed.TERMS_OF_PAYMENT),
    ("orders", "freight_item", "Item that freight is sold as (FREIGHT)", None),
    ("orders", "rounding_item", "Item that a rest of rounding is sold as (ROUNDING)", None),
)
OF_FLOWS: Final = {
    "invoices": (
        ("invoices", "journal", "Journal name of payments (WEBPAY)", Listed.JOURNAL_NAME),
    ),
    "creditmemos": (
        ("creditmemos", "reason", "Return reason of credit memos", Listed.RETURN_REASON),
        (
            "creditmemos", "disposition", "Disposition of what does not come back (CreditOnly)",
            Listed.DISPOSITION_CODE,
        ),
        ("orders", "adjustment_refund_item", "Item of refunds beside goods (REFUNDADJ)", None),
        ("orders", "adjustment_fee_item", "Item of fees kept back (REFUNDFEE)", None),
    ),
}  # fmt: skip
ON_ACCOUNT: Final = frozenset({"free", "companycredit", "purchaseorder"})
"""Payment methods by which no money moves, as the settings have it by themselves."""


@dataclass(frozen=True)
class Question:
    """A code that a person may choose, for `key` of a table of connections.toml. `choices`: those
    that F&O has; empty where they are too many or cannot be read, and any text is taken."""

    table: str
    key: str
    what: str
    choices: Sequence[Choice] = ()


def questions(found: Discovered, flows: Collection[str]) -> Iterator[Question]:
    """All of them, the rows of recent orders first."""
    yield from _rows(found)
    asked = [*ALWAYS, *(one for flow in flows for one in OF_FLOWS.get(flow, ()))]
    for table, key, what, listed in asked:
        choices = found.codes.get(listed, ()) if listed else ()
        if choices or listed is None or listed.is_optional:
            yield Question(table, key, what, choices)
    if "invoices" in flows:
        yield from _banks(found)
    if {"stock", "shipments"} & {*flows}:
        yield from _sources(found)


def _rows(found: Discovered) -> Iterator[Question]:
    for one in sorted(found.needed, key=lambda one: -one.count):
        if one.row.table in SECTIONS and one.row != FREE:
            proposal = proposed(one.row, found.codes)
            if not proposal.code and proposal.others:
                name = ROWS[one.row.table][0].format(key=one.row.key)
                what = f"{name[0].upper()}{name[1:]} (of {one.count} recent orders)"
                yield Question(one.row.table, one.row.key, what, proposal.others)


def _banks(found: Discovered) -> Iterator[Question]:
    """Where money comes in, by payment method; a method without one is on account."""
    banks = found.codes.get(Listed.BANK_ACCOUNT, ())
    for one in found.needed:
        if one.row.table == "orders.payments" and one.row.key not in ON_ACCOUNT:
            what = f"Bank account of what is paid by {one.row.key}; none: nothing is booked"
            yield Question("invoices.banks", one.row.key, what, banks)


def _sources(found: Discovered) -> Iterator[Question]:
    """Which warehouse of F&O each source of the shop is."""
    warehouses = found.codes.get(Listed.WAREHOUSE, ())
    for source in found.sources:
        what = f"Warehouse of the source {source}"
        yield Question("stock.sources", source, what, warehouses)
