"""What must hold of money once a world is quiet: every invoice and credit memo is booked once,
whole, on the right account in the right currency, or parked with a reason that a person must see;
and nothing else is in the books."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.documents import CANCELLED
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dynamics.books import display_value
from sandbox.dynamics.store import Record
from sync.commerce.models.company import CompanyStatus
from sync.core.money import CENT, rounded
from sync.engine.claim import Claim, State
from sync.engine.ledger import Ledger
from sync.mapping.taken_off import TAKEN_OFF
from tests.simulation.gone_on import references
from tests.simulation.naming import (
    document_key,
    document_reference,
    documents_of,
    key_of,
    reference_of,
)
from tests.simulation.stories import HELD_UP
from tests.simulation.world import World
from tests.systems import COMPANY

NOTHING: Final = Decimal(0)
OTHERWISE: Final = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
PAYMENTS, FREE_TEXT, RETURNS = (
    "CustomerPaymentJournalLines",
    "FreeTextInvoiceHeaders",
    "ReturnOrderHeadersV2",
)
REFERENCE: Final = {
    PAYMENTS: "PaymentReference",
    FREE_TEXT: "CustomerReference",
    RETURNS: "CustomersOrderReference",
}
Booked = dict[str, list[Record]]
"""Rows of a document by table."""

Sums = dict[tuple[str, str, str], Decimal]
"""Commerce's money less that of the books, by order, currency and table."""


async def of_books(world: World, ledger: Ledger) -> list[str]:
    """Every promise about money that this world broke."""
    found: list[str] = []
    sums: Sums = {}
    left = {table: _by_reference(world, table) for table in REFERENCE}
    for order in world.story.orders:
        for flow, document in documents_of(order):
            reference = document_reference(flow, document)
            rows = {table: left[table].pop(reference, []) for table in REFERENCE}
            connection = world.connection_of(order.row["store_id"])
            claim = await ledger.claim(connection, flow, document_key(document))
            of_order = await ledger.claim(connection, "orders", key_of(order))
            paper = Paper(world, order, flow, document, rows, claim, of_order)
            found += [
                f"{flow} {document_key(document)} of order {key_of(order)}: {fault}"
                for fault in paper.faults()
            ]
            if claim.state is State.DELIVERED:
                paper.count(sums)
        if world.systems.connection.invoices.recipe == "payment-journal":
            found += await _of_sale(world, ledger, order)
    known = references(world)
    found += [
        f"{table}: {name!r} is of no document"
        for table, rows in left.items()
        for name in rows
        if name not in known
    ]
    found += [
        f"order {' '.join(name)}: the books are off by {amount}"
        for name, amount in sums.items()
        if amount
    ]
    return [*found, *_half(world)]


async def _of_sale(world: World, ledger: Ledger, order: StoredOrder) -> list[str]:
    """Where F&O invoices the sales orders: what it holds of one, less its credit notes, is what the
    shop holds of it."""
    records = [
        ("orders", key_of(order)),
        *(("creditmemos", document_key(memo)) for memo in order.creditmemos),
    ]
    connection = world.connection_of(order.row["store_id"])
    claims = [await ledger.claim(connection, flow, name) for flow, name in records]
    is_paid_otherwise = any(order.extension.get(name) for name in OTHERWISE)
    is_reported = all(one.state is State.DELIVERED for one in claims) and not is_paid_otherwise
    if not is_reported or key_of(order) in world.story.delivered | world.story.uncounted:
        return []
    reported = [await _reported(ledger, one) for one in claims]
    if not all(reported):
        return [f"order {key_of(order)}: a trail tells no totals"]
    held, credited = Decimal(reported[0]["dynamics"]), NOTHING
    for memo, amounts in zip(order.creditmemos, reported[1:], strict=True):
        credited += rounded(memo["grand_total"]) - Decimal(
            amounts.get("taken off the sales order", 0)
        )
    refunded = sum((rounded(memo["grand_total"]) for memo in order.creditmemos), NOTHING)
    wanted = order.amount("grand_total") - order.amount("total_canceled") - refunded
    off = held - credited - wanted - _listed(claims[0])
    return [f"order {key_of(order)}: F&O holds {off} too much"] if abs(off) > CENT else []


def _listed(claim: Claim) -> Decimal:
    """What the list of the parked says that F&O holds beyond the shop, for a person to decide."""
    if not claim.differs.startswith("F&O "):
        return NOTHING
    there, wanted = (Decimal(part.split()[1]) for part in claim.differs.split(", "))
    return there - wanted


async def _reported(ledger: Ledger, claim: Claim) -> Any:
    """The amounts that a record's trail told last."""
    trail = await ledger.trail(claim.connection, claim.flow, claim.key)
    return next(
        (amounts for entry in reversed(trail) if (amounts := entry.details.get("amounts"))), {}
    )


def _by_reference(world: World, table: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in world.systems.dynamics.store.table(table).records.values():
        found.setdefault(str(row.values.get(REFERENCE[table], "")), []).append(row)
    return found


@dataclass(frozen=True)
class Paper:
    """An invoice or credit memo with what D365 holds of it, and its claim and its order's."""

    world: World
    order: StoredOrder
    flow: str
    document: Columns
    rows: Booked
    claim: Claim
    of_order: Claim

    @property
    def there(self) -> dict[str, int]:
        """How often it is in which table."""
        return {table: len(found) for table, found in self.rows.items() if found}

    @property
    def oddity(self) -> str:
        """Why it cannot be; empty when it can."""
        return (
            self.world.story.odd.get(document_key(self.document), "")
            if self.flow == "creditmemos"
            else ""
        )

    def faults(self) -> Iterator[str]:
        """What is wrong with it."""
        where = f"its claim is {self.claim.state}: {self.claim.reason}; in D365: {self.there}"
        if any(number > 1 for number in self.there.values()):
            yield f"is in D365 twice: {self.there}"
        elif self.claim.state is State.PARKED:
            if not self._may_be_parked():
                yield f"parked: {self.claim.reason}"
        elif self.oddity:
            yield f"cannot be ({self.oddity}), {where}"
        elif (
            self.document["state"] == CANCELLED or not self._wanted() or _is_nothing(self.document)
        ):
            if self.there or self.claim.state is not State.SKIPPED:
                yield f"is nothing to be booked, {where}"
        elif self.claim.state is not State.DELIVERED:
            yield where
        else:
            yield from self._wrongly_booked()

    def _may_be_parked(self) -> bool:
        """What only a person can decide: it cannot be; it was taken back while it was being booked;
        its order is parked or waits for a person; its company's account is on hold."""
        return bool(
            self.oddity
            or (
                self.document["state"] == CANCELLED
                and "was cancelled in Commerce" in self.claim.reason
            )
            or self.of_order.state is State.PARKED
            or not self.of_order.number
            or is_held_up(self.world, self.order, self.claim)
        )

    def _wrongly_booked(self) -> Iterator[str]:
        if self.claim.intent is not None:
            yield "an intent is left"
        if self.there.keys() - self._optional != self._wanted() - self._optional:
            yield f"is booked in {sorted(self.there)}, not in {sorted(self._wanted())}"
        for table, found in self.rows.items():
            for row in found:
                yield from self._wrong_row(table, row)

    def _wanted(self) -> set[str]:
        """The tables that it is booked in, by the recipe."""
        settings, is_memo = self.world.systems.connection, self.flow == "creditmemos"
        recipe = settings.creditmemos.recipe if is_memo else settings.invoices.recipe
        pays = settings.creditmemos.refund_payment if is_memo else recipe != "free-text-invoice"
        pays = pays and settings.invoices.moves_money(str(self.order.payment["method"]))
        found = {PAYMENTS} if pays and rounded(self.document["grand_total"]) else set()
        if recipe == "return-order":
            found.add(RETURNS)
        elif recipe != "payment-journal":
            found.add(FREE_TEXT)
        return found

    @property
    def is_taken_off(self) -> bool:
        """Whether (part of) it was taken off its sales order, so that less is credited, or
        nothing."""
        return TAKEN_OFF in self.claim.delivered

    @property
    def _optional(self) -> set[str]:
        return {RETURNS} if self.is_taken_off else set()

    def _wrong_row(self, table: str, row: Record) -> Iterator[str]:
        """Currency and account are those of the order."""
        currency = self.order.row["order_currency_code"]
        if row["CurrencyCode"] != currency:
            yield f"is in {row['CurrencyCode']} in {table}, its order in {currency}"
        name = {
            PAYMENTS: "AccountDisplayValue",
            FREE_TEXT: "CustomerAccount",
            RETURNS: "CustomerAccountNumber",
        }[table]
        for header in self.world.systems.dynamics.orders_for(reference_of(self.order), COMPANY):
            account = header["OrderingCustomerAccountNumber"]
            if row[name] not in {account, display_value(account)}:
                yield f"is of account {row[name]} in {table}, its order of {account}"

    def count(self, sums: Sums) -> None:
        """Commerce's money less that of the books, per order and way of booking: zero when both
        agree."""
        sign = -1 if self.flow == "creditmemos" else 1
        for table in self._wanted() - self._optional:
            booked = sum(
                (AMOUNTS[table](self.world, self.document, row, sign) for row in self.rows[table]),
                NOTHING,
            )
            name = (key_of(self.order), self.order.row["order_currency_code"], table)
            sums[name] = (
                sums.get(name, NOTHING) + sign * rounded(self.document["grand_total"]) - booked
            )


def is_held_up(world: World, order: StoredOrder, claim: Claim) -> bool:
    """Parked because its company was blocked at some time: its account is on hold, or it never got
    one."""
    company = (order.extension.get("company_order_attributes") or {}).get("company_id")
    return company in world.story.blocked and any(reason in claim.reason for reason in HELD_UP)


def _is_nothing(document: Columns) -> bool:
    """A total of zero to which nothing adds up: where goods were withheld as a fee, a part was
    added by hand, or they were paid otherwise, there are lines. A fee that withholds nothing but
    the discount of shipping that is not given back is none."""
    if rounded(document["grand_total"]) or any(document.get(name) for name in OTHERWISE):
        return False
    goods = [one for one in document["items"] if one.get("row_total")]
    is_of_something = bool(goods) or bool(document.get("shipping_amount"))
    if document.get("discount_amount") and not is_of_something:
        return True
    return not any(document.get(name) for name in ("adjustment_negative", "adjustment_positive"))


def _paid(_: World, __: Columns, row: Record, ___: int) -> Decimal:
    amount: Decimal = row.values.get("CreditAmount", NOTHING) - row.values.get(
        "DebitAmount", NOTHING
    )
    return amount


def _owed(world: World, document: Columns, header: Record, sign: int) -> Decimal:
    """What a free text invoice comes to with the shop's tax."""
    lines = world.systems.dynamics.store.table("FreeTextInvoiceLines").records.values()
    own = [one for one in lines if one["ParentRecId"] == header["InvoiceIdentifier"]]
    total = sum((one["TransactionCurrencyAmount"] for one in own), NOTHING)
    return total + (
        NOTHING if header["InclTax"] == "Yes" else sign * rounded(document["tax_amount"])
    )


def _given_back(world: World, document: Columns, header: Record, _: int) -> Decimal:
    """What a return order comes to with the shop's tax, less what went back to cards and credit."""
    lines = world.systems.dynamics.store.table("ReturnOrderLinesV2").records.values()
    own = [one for one in lines if one["ReturnOrderNumber"] == header["ReturnOrderNumber"]]
    customer = world.systems.dynamics.store.find(
        "CustTable", COMPANY, header["CustomerAccountNumber"]
    )
    is_gross = customer is not None and customer.values.get("IsSalesTaxIncludedInPrices") == "Yes"
    tax = NOTHING if is_gross else rounded(document["tax_amount"])
    otherwise = sum((document.get(name) or NOTHING for name in OTHERWISE), NOTHING)
    return sum((one["LineAmount"] for one in own), NOTHING) - tax + otherwise


AMOUNTS: Final[dict[str, Any]] = {PAYMENTS: _paid, FREE_TEXT: _owed, RETURNS: _given_back}


def _half(world: World) -> Iterator[str]:
    """Headers without lines, which are half a document."""
    for table, lines, name, key in (
        (FREE_TEXT, "FreeTextInvoiceLines", "ParentRecId", "InvoiceIdentifier"),
        (RETURNS, "ReturnOrderLinesV2", "ReturnOrderNumber", "ReturnOrderNumber"),
    ):
        known = {row[name] for row in world.systems.dynamics.store.table(lines).records.values()}
        for row in world.systems.dynamics.store.table(table).records.values():
            if row[key] not in known:
                yield f"{table} {row[key]} has no lines"


async def of_companies(world: World, ledger: Ledger) -> list[str]:
    """One account per company; on hold when, and only when, Commerce blocks it."""
    found = []
    accounts = world.systems.dynamics.store.table("CustTable").records.values()
    for company in world.systems.commerce.companies.values():
        administrator = world.systems.commerce.customers[company["super_user_id"]]
        connection = world.connection_of(administrator["store_id"])
        claim = await ledger.claim(connection, "companies", str(company["id"]))
        if world.is_untold(claim):
            continue
        own = [
            row
            for row in accounts
            if row.values.get("PrimaryContactEmail") == company["company_email"]
        ]
        if len(own) > 1:
            found.append(f"company {company['id']} has {len(own)} accounts")
        hold = "All" if company["status"] == int(CompanyStatus.BLOCKED) else "No"
        if not own and claim.state is not State.SKIPPED:
            found.append(
                f"company {company['id']} has no account; its claim is {claim.state}:"
                f" {claim.reason}"
            )
        found += [
            f"company {company['id']} is {CompanyStatus(company['status']).name}, its account's"
            f" hold is {there}"
            for row in own
            if (there := row.values.get("OnHoldStatus", "No")) != hold
        ]
    return found
