"""Posting a customer payment journal: transactions on the accounts of its lines, and what the lines
settle.

A line that marks an invoice settles it; others stay on the account, unless the environment settles
automatically, which takes a customer's oldest open invoices whatever the line's reference says.
"""

from collections import Counter
from decimal import Decimal

from sandbox.dynamics.customer_transactions import (
    NOTHING,
    Entry,
    book,
    open_invoice,
    settle,
    settle_oldest,
)
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.payment_journals import HEADER, account_of, lines_of, marks_of
from sandbox.dynamics.posting import NotPosted
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record


def post(env: Environment, header: Record) -> list[Record]:
    """Post a journal; the transactions it made, as they are after settlement. Raises `NotPosted`,
    then nothing is."""
    company, number = header[COMPANY], header["JournalBatchNumber"]
    lines = lines_of(env, company, number)
    if header.values.get("IsPosted") == "Yes" or not lines:
        raise NotPosted(f"journal {number} is posted, or has no lines")
    _balanced(number, lines)
    with env.store.transaction():
        made = [_line(env, line) for line in lines if line.values.get("AccountType") == "Cust"]
        env.store.update(HEADER, header, {"IsPosted": "Yes"})
    return made


def _balanced(number: str, lines: list[Record]) -> None:
    """Lines without an offset account balance among themselves, in each currency."""
    sums: Counter[str] = Counter()
    for line in lines:
        if not line.values.get("OffsetAccountDisplayValue"):
            sums[line["CurrencyCode"]] += _amount(line)  # type: ignore[assignment] # a Counter of amounts
    off = {currency: amount for currency, amount in sums.items() if amount}
    if off:
        raise NotPosted(f"journal {number} does not balance: {off}")


def _amount(line: Record) -> Decimal:
    """What a line does to its account: a debit is positive."""
    amount: Decimal = line.values.get("DebitAmount", NOTHING) - line.values.get(
        "CreditAmount", NOTHING
    )
    return amount


def _line(env: Environment, line: Record) -> Record:
    entry = Entry(
        company=line[COMPANY],
        kind="Payment",
        account=account_of(line.values),
        amount=_amount(line),
        currency=line["CurrencyCode"],
        voucher=line["Voucher"],
        day=line["TransactionDate"],
        due=line["TransactionDate"],
        reference=line.values.get("PaymentReference", ""),
        method=line.values.get("PaymentMethodName", ""),
        payment_id=line.values.get("PaymentId", ""),
        text=line.values.get("TransactionText", ""),
        prepayment=line.values.get("IsPrepayment", "No"),
    )
    made = book(env, entry)
    for company, invoice, most in _settles(env, line):
        found = open_invoice(env, company, entry.account, invoice)
        if found is not None:
            made, _ = settle(env, made, found, most)
    return settle_oldest(env, made) if env.settings.automatic_settlement else made


def _settles(env: Environment, line: Record) -> list[tuple[str, str, Decimal | None]]:
    """Company, number and amount (None: all it can) of every invoice that a line settles."""
    own = line.values.get("MarkedInvoice", "")
    marked: list[tuple[str, str, Decimal | None]] = (
        [(line["MarkedInvoiceCompany"].lower(), own, None)] if own else []
    )
    others = [
        (
            row["InvoiceCompany"].lower(),
            row["InvoiceNumber"],
            row["SettlementAmountInInvoiceCurrency"],
        )
        for row in marks_of(env, line)
    ]
    return [*marked, *others]
