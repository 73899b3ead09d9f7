"""The number sequences that the configured recipes draw from: manual where we choose the number,
automatic elsewhere.

OData does not show number sequences. What tells of them: two flags of a key's field in the
metadata, which show a contradiction and never agreement; and numbers that F&O has drawn before.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

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

NO_SEQUENCE: Final = "and its number sequence cannot be looked up"


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
        properties = {row.get("Name"): row for row in (entity or {}).get("Properties") or []}
        described = properties.get(one.field, {})
        is_editable = described.get("AllowEditOnCreate") is not False
        is_mandatory = bool(described.get("IsMandatory"))
        yield number_finding(one, is_mandatory=is_mandatory, is_editable=is_editable)


async def numbers_are_drawn(probe: Probe) -> AsyncIterator[Finding]:
    """Numbers that F&O draws while it posts: in each legal entity it has drawn one before, or a
    person should look."""
    for one in drawn_numbers(probe.settings):
        for company in probe.companies:
            where = Filter.eq("dataAreaId", company) & one.shown
            select = ("dataAreaId", one.field)
            rows = probe.dynamics.query(one.entity_set, where=where, select=select, top=1)
            if [row async for row in rows]:
                yield ok(f"{one.what} is numbered by F&O in {company}")
            else:
                what = f"{one.what}: F&O shows none in {company} yet, {NO_SEQUENCE}"
                cure = f"Make sure that it has one and that it is automatic ({one.form})."
                yield warn(what, cure)


def keyed_numbers(settings: Connection) -> Iterator[Keyed]:
    """Those of the flows that are on."""
    flows, theirs = settings.flows, NumberMode.THEIRS
    orders = ("Sales order", settings.orders.numbers, "orders.numbers")
    customers = ("Customer account", settings.customers.numbers, "customers.numbers")
    if "orders" in flows:
        yield Keyed(settings.dynamics.order_headers, "SalesOrderNumber", *orders)
    if {"orders", "customers", "companies"} & set(flows):
        yield Keyed(CUSTOMERS, "CustomerAccount", *customers)
    if returns_orders(settings):
        yield Keyed(return_orders.HEADERS, "ReturnOrderNumber", *orders)
        yield Keyed(return_orders.HEADERS, "RMANumber", "RMA number", theirs)
    if books_payments(settings):
        yield Keyed(payment_journals.HEADERS, "JournalBatchNumber", "Journal batch number", theirs)


def drawn_numbers(settings: Connection) -> Iterator[Drawn]:
    """Those of the flows that are on."""
    if books_payments(settings):
        journal = settings.invoices.journal
        yield Drawn(
            f"the voucher of payment journal {journal}",
            f"{_JOURNALS} > {journal} > Voucher series",
            payment_journals.LINES, "Voucher", Filter.ne("Voucher", ""),
        )  # fmt: skip
    if books_free_text(settings):
        yield Drawn(
            "the free text invoice", f"{_RECEIVABLE} > Free text invoice, and its voucher",
            free_text_invoices.HEADERS, "FreeTextNumber",
            Filter.eq("IsPosted", Member("NoYes", "Yes")),
        )  # fmt: skip


def number_finding(one: Keyed, *, is_mandatory: bool, is_editable: bool) -> Finding:
    """What the metadata's two flags say to the mode. They tell a contradiction; agreement shows
    with the first post."""
    form = _LEDGER if one.entity_set == payment_journals.HEADERS else _RECEIVABLE
    where = f"the number sequence {one.sequence} ({form})"
    if one.mode is NumberMode.OURS:
        if not is_editable:
            what = f'{one.setting} is "ours", but F&O lets nobody choose {one.field}'
            return fault(what, f'Set {where} to manual, or {one.setting} = "theirs".')
        proviso = f"as long as {where} is manual (the first post will show)"
        return ok(f"{one.field} may be chosen by us, {proviso}")
    if is_mandatory and is_editable:
        said = f'{one.setting} is "theirs"' if one.setting else "F&O is to number it"
        otherwise = f', or {one.setting} = "ours"' if one.setting else ""
        manual = f"F&O calls {one.field} mandatory: its number sequence is probably manual"
        return warn(f"{said}, but {manual}", f"Set {where} to automatic{otherwise}.")
    return ok(f"{one.field} is numbered by F&O: {where} must be automatic")
