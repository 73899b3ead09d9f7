"""The number sequences that the configured recipes draw from: manual where we choose the number,
automatic elsewhere.

OData does not show number sequences. What tells of them: two flags of a key's field in the
metadata, which show a contradiction and never agreement; and numbers that F&O has drawn before.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.checks.recipes import books_free_text, books_payments, returns_orders
from sync.config.connections import Connection, NumberMode
from sync.dynamics import free_text_invoices, payment_journals, return_orders
from sync.dynamics.customers import SET as CUSTOMERS
from sync.dynamics.odata import Filter, Member

_RECEIVABLE: Final = (
    "Accounts receivable > Setup > Accounts receivable parameters > Number sequences"
)
_LEDGER: Final = "General ledger > Ledger setup > General ledger parameters > Number sequences"
_JOURNALS: Final = "General ledger > Journal setup > Journal names"


@dataclass(frozen=True)
class Drawn:
    """A number that F&O draws by itself. `shown`: a record that has one was numbered."""

    what: str
    form: str
    entity_set: str
    field: str
    shown: Filter


@dataclass(frozen=True)
class Keyed:
    """A number that is a record's key or stands beside it. `setting`: who chooses it; empty where
    always F&O does."""

    entity_set: str
    field: str
    sequence: str
    mode: NumberMode
    setting: str = ""


async def numbers_fit(probe: Probe) -> AsyncIterator[Finding]:
    """Who chooses the numbers that are keys: what the metadata tells of them, against the
    configuration."""
    keyed = list(keyed_numbers(probe.settings))
    shapes = await probe.dynamics.metadata_fields(*dict.fromkeys(one.entity_set for one in keyed))
    for one in keyed:
        if one.entity_set not in shapes:
            continue  # told by fields_exist
        entity = await probe.dynamics.public_entity(shapes[one.entity_set].type)
        properties = (entity or {}).get("Properties") or []
        described: dict[str, Any] = next(
            (row for row in properties if row.get("Name") == one.field), {}
        )
        yield number_finding(
            one,
            is_mandatory=bool(described.get("IsMandatory")),
            is_editable=described.get("AllowEditOnCreate") is not False,
        )


async def numbers_are_drawn(probe: Probe) -> AsyncIterator[Finding]:
    """Numbers that F&O draws while it posts: in each legal entity it has drawn one before, or a
    person should look."""
    for one in drawn_numbers(probe.settings):
        for company in probe.companies:
            where = Filter.eq("dataAreaId", company) & one.shown
            rows = probe.dynamics.query(
                one.entity_set, where=where, select=("dataAreaId", one.field), top=1
            )
            if [row async for row in rows]:
                yield ok(f"{one.what} is numbered by F&O in {company}")
            else:
                yield warn(
                    f"{one.what}: F&O shows none in {company} yet, and its number sequence cannot"
                    " be looked up",
                    f"Make sure that it has one and that it is automatic ({one.form}).",
                )


def keyed_numbers(settings: Connection) -> Iterator[Keyed]:
    """Those of the flows that are on."""
    flows, orders, customers = settings.flows, settings.orders.numbers, settings.customers.numbers
    theirs = NumberMode.THEIRS
    if "orders" in flows:
        yield Keyed(
            settings.dynamics.order_headers,
            "SalesOrderNumber",
            "Sales order",
            orders,
            "orders.numbers",
        )
    if {"orders", "customers", "companies"} & set(flows):
        yield Keyed(
            CUSTOMERS, "CustomerAccount", "Customer account", customers, "customers.numbers"
        )
    if returns_orders(settings):
        yield Keyed(
            return_orders.HEADERS, "ReturnOrderNumber", "Sales order", orders, "orders.numbers"
        )
        yield Keyed(return_orders.HEADERS, "RMANumber", "RMA number", theirs)
    if books_payments(settings):
        yield Keyed(payment_journals.HEADERS, "JournalBatchNumber", "Journal batch number", theirs)


def drawn_numbers(settings: Connection) -> Iterator[Drawn]:
    """Those of the flows that are on."""
    if books_payments(settings):
        journal = settings.invoices.journal
        what, shown = f"the voucher of payment journal {journal}", Filter.ne("Voucher", "")
        yield Drawn(
            what,
            f"{_JOURNALS} > {journal} > Voucher series",
            payment_journals.LINES,
            "Voucher",
            shown,
        )
    if books_free_text(settings):
        shown, form = (
            Filter.eq("IsPosted", Member("NoYes", "Yes")),
            f"{_RECEIVABLE} > Free text invoice, and its voucher",
        )
        yield Drawn(
            "the free text invoice", form, free_text_invoices.HEADERS, "FreeTextNumber", shown
        )


def number_finding(one: Keyed, *, is_mandatory: bool, is_editable: bool) -> Finding:
    """What the metadata's two flags say to the mode. They tell a contradiction; agreement shows
    with the first post."""
    form = _LEDGER if one.entity_set == payment_journals.HEADERS else _RECEIVABLE
    where = f"the number sequence {one.sequence} ({form})"
    if one.mode is NumberMode.OURS and not is_editable:
        return fault(
            f'{one.setting} is "ours", but F&O lets nobody choose {one.field}',
            f'Set {where} to manual, or {one.setting} = "theirs".',
        )
    if one.mode is NumberMode.THEIRS and is_mandatory and is_editable:
        said = f'{one.setting} is "theirs"' if one.setting else "F&O is to number it"
        otherwise = f', or {one.setting} = "ours"' if one.setting else ""
        return warn(
            f"{said}, but F&O calls {one.field} mandatory: its number sequence is probably manual",
            f"Set {where} to automatic{otherwise}.",
        )
    if one.mode is NumberMode.OURS:
        return ok(
            f"{one.field} may be chosen by us, as long as {where} is manual (the first post will"
            " show)"
        )
    return ok(f"{one.field} is numbered by F&O: {where} must be automatic")
