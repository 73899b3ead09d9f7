"""What must hold for invoices, credit memos and numbers written back: recipes with their
accounts and banks, templates, what flows."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from string import Formatter
from typing import Any, Final

from sync.config.connections import CreditMemos, Invoices, NumberMode, Orders, WriteBack
from sync.config.file.breaches import (
    Breach,
    is_flowing,
    sound,
    template_breaches,
    too_long,
)
from sync.config.file.toml_lines import Path

REFERENCES: Final = ("increment_id", "order_increment_id", "store_id")

PART_NUMBERS: Final = (
    'Part them by a sign that no number holds, as in "{order_increment_id}/{increment_id}".'
)
NUMBERED_AS_ORDERS: Final = (
    "a credit memo's return order would get the number of the sales order with the same increment"
    " id"
)
SAME_REFERENCE: Final = (
    "an invoice and a credit memo of the same number would have the same reference in F&O"
)
TELL_APART: Final = 'Tell them apart, as in "{order_increment_id}/C{increment_id}".'


def receivable_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `invoices`, `creditmemos` and `write_back` of the connection at `path`, and
    between them."""
    invoices = sound(Invoices, written.get("invoices", {}))
    memos = sound(CreditMemos, written.get("creditmemos", {}))
    write_back = sound(WriteBack, written.get("write_back", {}))
    if invoices:
        yield from _invoices((*path, "invoices"), invoices)
    if memos:
        place = (*path, "creditmemos", "reference_template")
        yield from _reference(place, memos.reference_template)
        yield from _return_numbers(path, written, memos)
    if invoices and memos:
        yield from _recipes(path, written, invoices, memos)
    if write_back:
        yield from _write_back((*path, "write_back"), written, write_back)


def _invoices(path: Path, invoices: Invoices) -> Iterator[Breach]:
    yield from _reference((*path, "reference_template"), invoices.reference_template)
    delimiter = invoices.dimension_delimiter
    if delimiter == "\\" or delimiter.isalnum() or delimiter.isspace():
        what = "this sign cannot part the segments of an account"
        remedy = 'Write the delimiter of the chart of accounts in F&O, as in "-".'
        yield Breach((*path, "dimension_delimiter"), what, remedy)
    chosen = invoices.on_account if "on_account" in invoices.model_fields_set else ()
    for method in (method for method in chosen if method in invoices.banks or method == "*"):
        what = f'"{method}" moves no money by on_account, and "banks" names a bank account for it'
        yield Breach((*path, "on_account"), what, f'Leave "{method}" out of one of the two.')
    for section, table in (("accounts", invoices.accounts), ("banks", invoices.banks)):
        for name in (name for name, account in table.items() if not account.strip()):
            remedy = "Write its number, or leave the line out."
            yield Breach((*path, section, name), "the account is empty", remedy)


def _reference(path: Path, template: str) -> Iterator[Breach]:
    """References are read back from what F&O posted: where one number ends and the next begins must
    be seen."""
    broken = list(template_breaches(path, template, REFERENCES))
    yield from broken
    if broken:
        return
    parts = [(text, name) for text, name, _, _ in Formatter().parse(template)]
    for (_, first), (between, second) in pairwise(parts):
        if first and second and not _parts(first, between):
            what = f"nothing shows where {{{first}}} ends and {{{second}}} begins"
            yield Breach(path, what, PART_NUMBERS)


def _parts(first: str, between: str) -> bool:
    """Whether what stands between two fields ends the first: a store's id is digits, other numbers
    hold letters and -."""
    if first == "store_id":
        return any(not sign.isdigit() for sign in between)
    return any(not sign.isalnum() and sign != "-" for sign in between)


def _return_numbers(path: Path, written: Mapping[str, Any], memos: CreditMemos) -> Iterator[Breach]:
    """Return orders and sales orders are numbered from one sequence, so no template may make the
    same of both."""
    orders = sound(Orders, written.get("orders", {}))
    is_returned = is_flowing(written, "creditmemos") and memos.recipe == "return-order"
    if not orders or not is_returned or orders.numbers is not NumberMode.OURS:
        return
    place, template = (*path, "creditmemos", "number_template"), memos.number_template
    yield from template_breaches(place, template, REFERENCES)
    yield from too_long(place, template, "a return order's number")
    if template == orders.number_template:
        remedy = 'Tell them apart, as in "{store_id}-C{increment_id}".'
        yield Breach(place, NUMBERED_AS_ORDERS, remedy)


def _recipes(
    path: Path, written: Mapping[str, Any], invoices: Invoices, memos: CreditMemos
) -> Iterator[Breach]:
    """What the recipes of the flows that are on cannot do without."""
    place = (*path, "invoices")
    invoiced, credited = is_flowing(written, "invoices"), is_flowing(written, "creditmemos")
    books = invoiced and invoices.recipe != "payment-journal"
    credits_ = credited and memos.recipe == "free-text-credit"
    if (books or credits_) and not invoices.revenue_account and not invoices.accounts:
        recipe = invoices.recipe if books else memos.recipe
        what = f'"revenue_account" is missing; recipe "{recipe}" needs a main account'
        yield Breach((*place, "revenue_account"), what, 'Write revenue_account = "…" in invoices.')
    if invoiced and invoices.recipe != "free-text-invoice":
        yield from _journal(place, invoices, f'recipe "{invoices.recipe}"')
    elif credited and memos.refund_payment:
        yield from _journal(place, invoices, "refund_payment")
    if books and credits_ and invoices.reference_template == memos.reference_template:
        yield Breach((*path, "creditmemos", "reference_template"), SAME_REFERENCE, TELL_APART)


def _journal(path: Path, invoices: Invoices, why: str) -> Iterator[Breach]:
    if not invoices.banks:
        what = f'"banks" is missing; {why} needs a bank account'
        remedy = 'Write banks = { "*" = "…" }, or a bank account per payment method.'
        yield Breach((*path, "banks"), what, remedy)
    if not invoices.journal.strip():
        what = f'"journal" is empty; {why} needs the name of a customer payment journal'
        remedy = 'Write journal = "…", as General ledger > Journal names has it.'
        yield Breach((*path, "journal"), what, remedy)


def _write_back(path: Path, written: Mapping[str, Any], section: WriteBack) -> Iterator[Breach]:
    flows = is_flowing(written, "write_back")
    if section.to != "none" and not flows:
        what = f'to = "{section.to}", but the flow "write_back" is not on, so no number goes back'
        yield Breach((*path, "to"), what, 'Add "write_back" to flows, or write to = "none".')
    if section.to == "none" and flows:
        what = 'the flow "write_back" is on, but to = "none", so no number goes back'
        yield Breach(
            (*path, "to"),
            what,
            'Write to = "comment" or to = "ext_order_id", or take "write_back" out of flows.',
        )
