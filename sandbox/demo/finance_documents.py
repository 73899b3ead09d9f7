"""What F&O holds of invoices and credit memos, draft and posted, read from its own books; and its
clerks, who post."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.demo.cash import Entry
from sandbox.demo.reconciliation import shop_number
from sandbox.demo.systems import Ledger
from sync.core.money import total

FREE_TEXT: Final = "Cust"
"""RefNum of free text invoices in the invoice journal."""

RMA: Final = "R"
"""The first letter of the reference of a return."""


async def entries(ledger: Ledger, token: str) -> list[Entry]:
    """Every payment, free text invoice and return order."""
    owed = await ledger.ask("GET", "/sandbox/receivables")
    credited = await ledger.ask("GET", "/sandbox/credit_notes")
    gross = {
        row["CustomerAccount"]
        for row in await ledger.customers(token)
        if _yes(row, "IsSalesTaxIncludedInPrices")
    }
    journal = await ledger.rows_of("CustInvoiceJourBiEntities", token)
    return [
        *(_payment_draft(line) for line in owed["payments"]),
        *(_payment(row) for row in owed["transactions"] if row["TransType"] == "Payment"),
        *(_free_text_draft(row) for row in owed["free_text_invoices"]),
        *(_free_text(row) for row in journal if row["RefNum"] == FREE_TEXT),
        *(_returned(row, gross, credited["posted"]) for row in credited["returns"]),
    ]


def _yes(row: Mapping[str, Any], name: str) -> bool:
    return row.get(name) == "Yes"


def _payment_draft(line: Mapping[str, Any]) -> Entry:
    number = f"journal {line['JournalBatchNumber']} line {Decimal(line['LineNumber']):f}"
    amount = Decimal(line.get("CreditAmount", 0)) - Decimal(line.get("DebitAmount", 0))
    return Entry(
        shop_number(line["PaymentReference"]),
        number,
        str(line["CurrencyCode"]),
        amount,
        includes_tax=True,
    )


def _payment(row: Mapping[str, Any]) -> Entry:
    number, amount = f"payment {row['Voucher']}", -Decimal(row["AmountCur"])
    return Entry(
        shop_number(row["PaymReference"]),
        number,
        str(row["CurrencyCode"]),
        amount,
        includes_tax=True,
    )


def _free_text_draft(row: Mapping[str, Any]) -> Entry:
    number, amount = (
        f"free text invoice {row['InvoiceIdentifier']}",
        _sum(row["lines"], "TransactionCurrencyAmount"),
    )
    is_gross = _yes(row, "InclTax")
    return Entry(
        shop_number(row["CustomerReference"]),
        number,
        str(row["CurrencyCode"]),
        amount,
        includes_tax=is_gross,
    )


def _free_text(row: Mapping[str, Any]) -> Entry:
    number, is_gross = f"free text invoice {row['InvoiceId']}", _yes(row, "InclTax")
    amount = Decimal(row["InvoiceAmount"]) - (0 if is_gross else Decimal(row["SumTax"]))
    return Entry(
        shop_number(row["CustomerRef"]),
        number,
        str(row["CurrencyCode"]),
        amount,
        includes_tax=is_gross,
    )


def _returned(
    row: Mapping[str, Any], gross: set[str], posted: Iterable[Mapping[str, Any]]
) -> Entry:
    """As its credit note has it, where it came of an RMA: then the shop refunds that to the
    cent."""
    reference, account = shop_number(row["CustomersOrderReference"]), row["CustomerAccountNumber"]
    notes = [
        one
        for one in posted
        if reference[:1] == RMA and shop_number(one["CustomerRef"]) == reference
    ]
    amount = _sum(notes, "InvoiceAmount") if notes else _sum(row["lines"], "LineAmount")
    return Entry(
        reference, f"return order {row['ReturnOrderNumber']}", str(row["CurrencyCode"]), amount,
        includes_tax=bool(notes) or account in gross, is_net=False,
    )  # fmt: skip


def _sum(lines: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    return total(Decimal(line[name]) for line in lines)
