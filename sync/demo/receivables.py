"""What F&O holds of invoices and credit memos, draft and posted, read from its own books; and its clerks, who post."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from sync.demo.cash import INVOICE, REFUND, Entry
from sync.demo.systems import Ledger
from sync.money import total

FREE_TEXT: Final = "Cust"
"""RefNum of free text invoices in the invoice journal."""


async def entries(ledger: Ledger, token: str) -> list[Entry]:
    """Every payment, free text invoice and return order."""
    owed = await ledger.ask("GET", "/sandbox/receivables")
    credited = await ledger.ask("GET", "/sandbox/credit_notes")
    gross = {row["CustomerAccount"] for row in await ledger.customers(token) if _yes(row, "IsSalesTaxIncludedInPrices")}
    journal = await ledger.rows_of("CustInvoiceJourBiEntities", token)
    return [
        *(_payment_draft(line) for line in owed["payments"]),
        *(_payment(row) for row in owed["transactions"] if row["TransType"] == "Payment"),
        *(_free_text_draft(row) for row in owed["free_text_invoices"]),
        *(_free_text(row) for row in journal if row["RefNum"] == FREE_TEXT),
        *(_returned(row, gross) for row in credited["returns"]),
    ]


def _yes(row: Mapping[str, Any], name: str) -> bool:
    return row.get(name) == "Yes"


def _signed(amount: Decimal) -> tuple[str, Decimal]:
    """The kind of what raises (positive) or lowers what is owed, and its size."""
    return (INVOICE if amount >= 0 else REFUND), abs(amount)


def _payment_draft(line: Mapping[str, Any]) -> Entry:
    kind, amount = _signed(Decimal(line.get("CreditAmount", 0)) - Decimal(line.get("DebitAmount", 0)))
    number = f"journal {line['JournalBatchNumber']} line {Decimal(line['LineNumber']):f}"
    return Entry(kind, str(line["PaymentReference"]), number, str(line["CurrencyCode"]), amount, includes_tax=True)


def _payment(row: Mapping[str, Any]) -> Entry:
    kind, amount = _signed(-Decimal(row["AmountCur"]))
    number = f"payment {row['Voucher']}"
    return Entry(kind, str(row["PaymReference"]), number, str(row["CurrencyCode"]), amount, includes_tax=True)


def _free_text_draft(row: Mapping[str, Any]) -> Entry:
    kind, amount = _signed(_sum(row["lines"], "TransactionCurrencyAmount"))
    number, reference = f"free text invoice {row['InvoiceIdentifier']}", str(row["CustomerReference"])
    return Entry(kind, reference, number, str(row["CurrencyCode"]), amount, includes_tax=_yes(row, "InclTax"))


def _free_text(row: Mapping[str, Any]) -> Entry:
    is_gross = _yes(row, "InclTax")
    net = Decimal(row["InvoiceAmount"]) - (0 if is_gross else Decimal(row["SumTax"]))
    kind, amount = _signed(net)
    number, reference = f"free text invoice {row['InvoiceId']}", str(row["CustomerRef"])
    return Entry(kind, reference, number, str(row["CurrencyCode"]), amount, includes_tax=is_gross)


def _returned(row: Mapping[str, Any], gross: set[str]) -> Entry:
    kind, amount = _signed(_sum(row["lines"], "LineAmount"))
    number, reference = f"return order {row['ReturnOrderNumber']}", str(row["CustomersOrderReference"])
    is_gross = row["CustomerAccountNumber"] in gross
    return Entry(kind, reference, number, str(row["CurrencyCode"]), amount, includes_tax=is_gross, is_net=False)


def _sum(lines: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    return total(Decimal(line[name]) for line in lines)
