"""What F&O said of the credit of a legal entity's accounts, put together by account.

An account that another one pays for may owe by itself: an order may name its own account as that of
its invoice. Whatever any of them owes counts against the account that pays.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sync.dynamics.documents.credit_account import (
    BLOCKING,
    AccountCredit,
    Exposure,
    GroupCredit,
    Hold,
    OpenItem,
    OrderLine,
    TemporaryLimit,
)
from sync.dynamics.field_values import day_of

LAST_DAY: Final = date(2154, 12, 31)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class GroupMember:
    """An account in a customer credit group, in its legal entity."""

    company: str
    account: str


@dataclass
class CreditBook:
    """What F&O said of a legal entity, by account in lower case."""

    company: str
    customers: dict[str, Row] = field(default_factory=dict)
    paid_for: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The accounts whose invoices go to another one, by that, all in lower case."""
    items: dict[str, list[OpenItem]] = field(default_factory=lambda: defaultdict(list))
    lines: dict[str, list[OrderLine]] = field(default_factory=lambda: defaultdict(list))
    snapshots: dict[str, tuple[date | None, Exposure]] = field(default_factory=dict)
    temporary: dict[str, list[TemporaryLimit]] = field(default_factory=lambda: defaultdict(list))
    blocks: dict[str, str] = field(default_factory=dict)
    holds: dict[str, list[Hold]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[str, GroupCredit] = field(default_factory=dict)
    members: dict[str, list[GroupMember]] = field(default_factory=lambda: defaultdict(list))
    """The members of each group, by its number in lower case, of all legal entities."""
    limit_currency: str = ""

    def take_customer(self, row: Row) -> None:
        """An account."""
        name = str(row["CustomerAccount"]).casefold()
        self.customers[name] = row
        if payer := str(row.get("InvoiceAccount") or "").casefold():
            self.paid_for[payer].add(name)

    def owing_to(self, *payers: str) -> list[str]:
        """The accounts that pay and those they pay for, each once, in lower case."""
        keys = {payer.casefold() for payer in payers}
        return sorted(keys.union(*(self.paid_for.get(key, ()) for key in keys)))

    def payer_of(self, account: str) -> str:
        """The account that the invoices of an account go to, as F&O spells it; empty for none."""
        row = self.customers.get(account.casefold())
        return "" if row is None else str(row.get("InvoiceAccount") or row["CustomerAccount"])

    @property
    def snapshot_of(self) -> date | None:
        """The oldest day of the snapshots that were read."""
        return min((day for day, _ in self.snapshots.values() if day is not None), default=None)

    def of(self, account: str) -> AccountCredit | None:
        """The credit of the account that pays for this one; None where F&O has no such account."""
        payer = self.payer_of(account)
        row = self.customers.get(payer.casefold())
        if row is None:
            return None
        key, own = payer.casefold(), self.customers[account.casefold()]
        holds = [str(one.get("OnHoldStatus") or "No") for one in (own, row)]
        status = str(row.get("CredManAccountStatusId") or "").casefold()
        return replace(
            self.together(self.owing_to(payer)),
            account=payer,
            currency=self.limit_currency or str(row.get("SalesCurrencyCode") or ""),
            limit=Decimal(row.get("CreditLimit") or 0),
            is_mandatory=row.get("CreditLimitIsMandatory") == "Yes",
            is_unlimited=row.get("CredManCustUnlimitedCredit") == "Yes",
            is_excluded=row.get("CredManExclude") == "Yes",
            expires=day_of(row.get("CredManCreditLimitExpiryDate")),
            temporary=self.temporary.get(key, ()),
            hold=next((hold for hold in holds if hold in BLOCKING), holds[-1]),
            status_blocks=self.blocks.get(status, "No"),
            orders_on_hold=self.holds.get(key, ()),
        )  # fmt: skip

    def together(self, names: Iterable[str]) -> AccountCredit:
        """What accounts, in lower case, owe and have ordered, as that of one without a limit."""
        found = list(names)
        snapshots = (self.snapshots[name][1] for name in found if name in self.snapshots)
        return AccountCredit(
            "", "",
            items=[item for name in found for item in self.items.get(name, ())],
            lines=[line for name in found for line in self.lines.get(name, ())],
            snapshot=sum(snapshots, Exposure()),
        )  # fmt: skip

    def take_snapshot(self, row: Row, amounts: tuple[str, str, str]) -> None:
        """An aging snapshot of an account, of which the newest counts; there is one for each way
        of aging, with the same sums."""
        account, day = str(row["CustAccount"]).casefold(), day_of(row["AgingDate"])
        known = self.snapshots.get(account)
        if known is None or (day or LAST_DAY) >= (known[0] or LAST_DAY):
            due, packed, ordered = (Decimal(row[name] or 0) for name in amounts)
            self.snapshots[account] = (day, Exposure(due, packed, ordered))
