"""The credit of B2B companies: limits, what is owed, and the history of both.

A company's credit comes into being with the company, without a limit. An order on account is booked
as a purchase, what is cancelled of it as reverted, what is refunded as refunded; integrations set
limits and book payments. `balance` is negative where the company owes (inferred from Adobe's
sample: an increase and a decrease of 250 leave 0); `available_limit` is limit and balance together.
Source: Adobe, rest/b2b/credit-manage.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from sandbox.commerce.records import Columns, StoredOrder, stamp
from sandbox.commerce.shape import plain
from sync.core.money import ZERO
from sync.core.ports import Clock

ON_ACCOUNT: Final = "companycredit"
ALLOCATED, UPDATED, PURCHASED, REIMBURSED, REFUNDED, REVERTED = range(1, 7)
INCREASES: Final = frozenset({ALLOCATED, UPDATED, REIMBURSED, REFUNDED, REVERTED})
DECREASES: Final = frozenset({UPDATED, PURCHASED, REIMBURSED})


@dataclass
class Credit:
    """One company's. `limit` None: nobody has set one."""

    id: int
    company_id: int
    currency: str
    limit: Decimal | None = None
    balance: Decimal = ZERO
    may_exceed: bool = False

    @property
    def available(self) -> Decimal:
        """What can be bought on account."""
        return (self.limit or ZERO) + self.balance

    def row(self) -> Columns:
        """As REST answers it."""
        answer: Columns = plain(
            {
                "id": self.id, "company_id": self.company_id, "credit_limit": self.limit,
                "balance": self.balance, "currency_code": self.currency,
                "exceed_limit": self.may_exceed, "available_limit": self.available,
            }
        )  # fmt: skip
        return answer


@dataclass
class CompanyCredits:
    """All of a shop. `currency`: of credits that come into being."""

    clock: Clock
    currency: str = "USD"
    by_company: dict[int, Credit] = field(default_factory=dict)
    history: list[Columns] = field(default_factory=list)
    booked: dict[int, Decimal] = field(default_factory=dict)
    """What each order on account has taken off the balance."""

    def of(self, company_id: int) -> Credit:
        """A company's credit, which comes into being when it is first asked for."""
        new = Credit(len(self.by_company) + 1, company_id, self.currency)
        return self.by_company.setdefault(company_id, new)

    def buy(self, order: StoredOrder) -> None:
        """An order was saved: book what it owes now, where it is on account. The books are in the
        base currency of these shops, as the credit is."""
        company = (order.extension.get("company_order_attributes") or {}).get("company_id")
        if order.payment.get("method") != ON_ACCOUNT or company is None:
            return
        names = ("base_grand_total", "base_total_canceled", "base_total_refunded")
        total, canceled, refunded = (order.amount(name) for name in names)
        owed, before = max(total - canceled - refunded, ZERO), self.booked.get(order.entity_id)
        if before is None:
            self._book(company, -owed, PURCHASED, order.row["increment_id"])
        elif owed != before:
            kind = REVERTED if canceled else REFUNDED
            self._book(company, before - owed, kind, order.row["increment_id"])
        self.booked[order.entity_id] = owed

    def move(self, credit: Credit, amount: Decimal, kind: int, comment: str = "") -> None:
        """Book an operation by hand."""
        self._book(credit.company_id, amount, kind, comment)

    def set_limit(self, credit: Credit, limit: Decimal, *, may_exceed: bool) -> None:
        """A limit, with a row in the history where it is another one."""
        kind = ALLOCATED if credit.limit is None else UPDATED
        is_new = credit.limit != limit
        credit.limit, credit.may_exceed = limit, may_exceed
        if is_new:
            self._log(credit, ZERO, kind, "")

    def _book(self, company_id: int, amount: Decimal, kind: int, comment: str) -> None:
        credit = self.of(company_id)
        credit.balance += amount
        self._log(credit, amount, kind, comment)

    def _log(self, credit: Credit, amount: Decimal, kind: int, comment: str) -> None:
        self.history.append(
            {
                "id": len(self.history) + 1, "company_credit_id": credit.id, "type": kind,
                "amount": amount, "balance": credit.balance, "credit_limit": credit.limit,
                "available_limit": credit.available, "currency_credit": credit.currency,
                "datetime": stamp(self.clock.now()), "comment": comment,
            }
        )  # fmt: skip
