"""Customer transactions: what a posted document leaves on an account, what of it is open, and how
it is settled.

An invoice is positive, a credit note and a payment negative. Open = `AmountCur` -
`SettleAmountCur`; the open part also stands in `CustTransOpens`, and the whole again in
`CustTransBiEntities` with the moment it last changed.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.schema import COMPANY, MAIN, NO_DATE
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Entry:
    """A transaction to be booked. `kind` is a LedgerTransType: Sales, Cust (free text) or
    Payment."""

    company: str
    kind: str
    account: str
    amount: Decimal
    currency: str
    voucher: str
    day: datetime
    due: datetime = NO_DATE
    order_account: str = ""
    invoice: str = ""
    reference: str = ""
    method: str = ""
    payment_id: str = ""
    text: str = ""
    terms: str = ""
    prepayment: str = "No"


def book(env: Environment, entry: Entry) -> Record:
    """Write a transaction and what is open of it."""
    in_books = env.rounded_in_books(entry.amount, entry.currency, entry.company)
    values = {
        COMPANY: entry.company,
        "SysRecId": env.store.upcoming,
        "SysDataAreaId": entry.company,
        "AccountNum": entry.account,
        "OrderAccount": entry.order_account or entry.account,
        "AmountCur": entry.amount,
        "AmountMST": in_books,
        "CurrencyCode": entry.currency,
        "TransType": entry.kind,
        "TransDate": entry.day,
        "DocumentDate": entry.day,
        "DueDate": entry.due,
        "Voucher": entry.voucher,
        "Invoice": entry.invoice,
        "PaymReference": entry.reference,
        "PaymMode": entry.method,
        "PaymId": entry.payment_id,
        "PaymTermId": entry.terms,
        "Txt": entry.text,
        "Prepayment": entry.prepayment,
        "Approved": "Yes",
        "Closed": NO_DATE if entry.amount else entry.day,
    }
    row = env.store.insert("CustTransactions", values)
    _show(env, row)
    return row


def _show(env: Environment, row: Record) -> None:
    """Make the open part and the copy for reporting agree with a transaction."""
    company, rest = row[COMPANY], remainder(row)
    opened = env.store.table("CustTransOpens").having("RefRecId", (row["SysRecId"],))
    amounts = {
        "AmountCur": rest,
        "AmountMST": env.rounded_in_books(rest, row["CurrencyCode"], company),
    }
    for known in opened:
        if rest:
            env.store.update("CustTransOpens", known, amounts)
        else:
            env.store.delete("CustTransOpens", known)
    if rest and not opened:
        shared = {
            name: row[name]
            for name in ("AccountNum", "TransDate", "DueDate", "SysDataAreaId", COMPANY)
        }
        links = {"SysRecId": env.store.upcoming, "RefRecId": row["SysRecId"]}
        env.store.insert("CustTransOpens", {**shared, **links, **amounts})
    moment = env.now().replace(microsecond=0)
    copy = {
        name: value
        for name, value in row.values.items()
        if name in MAIN["CustTransBiEntities"].properties
    }
    copy |= {"SourceKey": row["SysRecId"], "SysModifiedDateTime": moment}
    known_copy = env.store.find("CustTransBiEntities", company, row["SysRecId"])
    if known_copy is None:
        env.store.insert("CustTransBiEntities", {**copy, "CreatedOn": moment})
    else:
        env.store.update("CustTransBiEntities", known_copy, copy)


def remainder(row: Record) -> Decimal:
    """What of a transaction is not settled, in its currency."""
    rest: Decimal = row["AmountCur"] - row.values.get("SettleAmountCur", NOTHING)
    return rest


def transactions(env: Environment, company: str, account: str) -> list[Record]:
    """A customer's transactions in a company, oldest first."""
    rows = env.store.table("CustTransactions").having("AccountNum", (folded(account),))
    return [row for row in rows if row[COMPANY] == company]


def open_invoice(env: Environment, company: str, account: str, number: str) -> Record | None:
    """A customer's posted invoice or credit note that has something open, by its number."""
    rows = transactions(env, company, account)
    return next(
        (row for row in rows if folded(row["Invoice"]) == folded(number) and remainder(row)), None
    )


def settle(
    env: Environment, one: Record, other: Record, most: Decimal | None = None
) -> tuple[Record, Record]:
    """Set what is open of two transactions off against each other, at most an amount; both as they
    are then.

    Transactions on the same side, or in different currencies, stay as they are.
    """
    left, right = remainder(one), remainder(other)
    if left * right >= 0 or one["CurrencyCode"] != other["CurrencyCode"]:
        return one, other
    amount = min(abs(left), abs(right), *(() if most is None else (abs(most),)))
    return settle_as(env, one, other, amount, amount)


def settle_as(
    env: Environment, one: Record, other: Record, amount: Decimal, others: Decimal
) -> tuple[Record, Record]:
    """Set so much of two transactions off against each other, each in its own currency; they may
    be of different legal entities (centralised payments)."""
    return _settled(env, one, amount, other), _settled(env, other, others, one)


def _settled(env: Environment, row: Record, amount: Decimal, other: Record) -> Record:
    signed = amount if row["AmountCur"] > 0 else -amount
    total = row.values.get("SettleAmountCur", NOTHING) + signed
    changes = {
        "SettleAmountCur": total,
        "SettleAmountMST": env.rounded_in_books(total, row["CurrencyCode"], row[COMPANY]),
        "LastSettleDate": env.today(),
        "LastSettleVoucher": other["Voucher"],
        "LastSettleCompany": other[COMPANY],
        "LastSettleAccountNum": other["AccountNum"],
        "Closed": env.today() if total == row["AmountCur"] else NO_DATE,
    }
    after = env.store.update("CustTransactions", row, changes)
    settlement = {
        COMPANY: row[COMPANY], "SysDataAreaId": row[COMPANY], "TransCompany": row[COMPANY],
        "SourceKey": env.store.upcoming, "AccountNum": row["AccountNum"],
        "TransRecId": row["SysRecId"], "OffsetRecid": other["SysRecId"],
        "OffsetCompany": other[COMPANY], "OffsetAccountNum": other["AccountNum"],
        "OffsetTransVoucher": other["Voucher"], "SettleAmountCur": signed,
        "TransDate": env.today(), "CreatedOn": env.now().replace(microsecond=0),
    }  # fmt: skip
    env.store.insert("CustSettlementBiEntities", settlement)
    _show(env, after)
    return after


def settle_oldest(env: Environment, payment: Record) -> Record:
    """Settle a payment with the customer's oldest open transactions; its reference plays no part,
    as in F&O."""
    for row in transactions(env, payment[COMPANY], payment["AccountNum"]):
        payment, _ = settle(env, payment, row)
    return payment


def due_date(env: Environment, company: str, terms: str, day: datetime) -> datetime:
    """When an invoice of a day is due under terms of payment; the same day where there are none."""
    row = env.store.find("PaymentTerms", company, terms) if terms else None
    if row is None:
        return day
    months = day.month - 1 + row.values.get("NumberOfMonths", 0)
    year, month = day.year + months // 12, months % 12 + 1
    later = day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))
    return later + timedelta(days=row.values.get("NumberOfDays", 0))
