"""An account's movements over some days, and what was owed before and after. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sync.core.money import ZERO, total
from sync.dynamics.buyer_documents import day_of
from sync.portal.documents import Entry


@dataclass(frozen=True)
class Statement:
    """An account's movements of a time in a currency. `opening` and `closing`: what the buyer owed
    before and after; `lines`: each with what was owed then."""

    currency: str
    opening: Decimal
    closing: Decimal
    lines: Sequence[tuple[Entry, Decimal]]


def statement(entries: Sequence[Entry], currency: str, since: date, until: date) -> Statement:
    """From a day to a day, both included. `entries`: all from `since` on, and whatever was open
    then; what is open now tells what was owed before."""
    mine = [one for one in entries if one.currency == currency]
    owed_now = total(one.open for one in mine)
    moved = [one for one in mine if one.day >= since]
    opening = running = owed_now - total(one.amount for one in moved)
    lines = []
    for one in moved:
        if one.day <= until:
            running += one.amount
            lines.append((one, running))
    return Statement(currency, opening, running, lines)


def crossings(rows: Iterable[Mapping[str, Any]], known: Iterable[Entry]) -> list[Entry]:
    """Settlements that move an account: a payment in another legal entity (centralised payments),
    currency or account settled a part. Within one account and currency both sides come to nothing.

    `known`: the transactions that the rows name, as far as they can be read.
    """
    by_record = {one.record: one for one in known}
    found = (_crossing(row, by_record) for row in rows)
    return [one for one in found if one is not None]


def _crossing(row: Mapping[str, Any], known: Mapping[str, Entry]) -> Entry | None:
    mine, day = known.get(str(row["TransRecId"])), day_of(row.get("TransDate"))
    if mine is None or day is None:
        return None
    other = known.get(str(row.get("OffsetRecid") or ""))
    company = str(row.get("OffsetCompany") or mine.company)
    account = str(row.get("OffsetAccountNum") or mine.account)
    if company.casefold() != mine.company.casefold():
        text = "settled in another legal entity"
    elif account.casefold() != mine.account.casefold():
        text = "settled with another account"
    elif other is not None and other.currency != mine.currency:
        text = f"settled in {other.currency}"
    else:
        return None
    return Entry(
        f"settlement {row['SourceKey']}", mine.company, mine.account, "Settlement", day, None,
        mine.currency, -Decimal(str(row["SettleAmountCur"])), ZERO, mine.number, mine.voucher, text,
    )  # fmt: skip
