"""Every figure agrees with F&O's to the cent: whoever is invoiced, in instalments, reversed, and
settled in another legal entity or currency."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

import pytest

from sandbox.dynamics.customer_transactions import (
    Entry,
    book,
    open_invoice,
    remainder,
    settle,
    settle_as,
    transactions,
)
from sandbox.dynamics.invoicing import Invoice, Line, post
from sandbox.dynamics.schema import COMPANY as COMPANY_FIELD
from sandbox.dynamics.store import Record
from sync.mapping_tables.records import AccountMapping
from tests.flows.finance import Finance, in_finance
from tests.portal.buyers import BUYER, OURS, OURS_TOKEN, PORTAL, THEIRS, Buyers
from tests.reconcile.planted import header_of
from tests.systems import COMPANY, CONNECTION

GERMANY: Final = "demf"
DAY: Final = 86_400
BOTH: Final = {**PORTAL, "stores": {"2": {"company": GERMANY}}}
DELIVERY: Final = {"portal": {**PORTAL["portal"], "delivery": True}}


class Ledger:
    """F&O's own books of the buyer's account."""

    def __init__(self, finance: Finance) -> None:
        self.finance, self.env = finance, finance.dynamics

    def invoices(
        self, amount: str, *, account: str = OURS, ordered_by: str = "", **more: Any
    ) -> str:
        """An invoice or credit note; its number."""
        number = f"CIV-{self.env.store.upcoming:06d}"
        line = Line(1, Decimal(amount), Decimal(0), price=Decimal(amount), item="SIMPLE-001")
        post(self.env, Invoice(
            "Sales", more.pop("company", COMPANY), number, f"V-{number}", account,
            ordered_by or account, more.pop("currency", "USD"), (line,), included=False,
            source={"InvoiceDate": self.env.today() - timedelta(days=more.pop("days_ago", 0))},
        ))  # fmt: skip
        return number

    def pays(self, amount: str, company: str = COMPANY, currency: str = "USD") -> Record:
        """A payment that settles nothing yet."""
        return book(self.env, Entry(
            company=company, kind="Payment", account=OURS, amount=-Decimal(amount),
            currency=currency, voucher=f"P-{self.env.store.upcoming}", day=self.env.today(),
        ))  # fmt: skip

    def open(self, number: str, company: str = COMPANY, account: str = OURS) -> Record:
        """The first transaction of a document that is open."""
        found = open_invoice(self.env, company, account, number)
        assert found is not None
        return found

    def in_parts(self, number: str, *amounts: str) -> None:
        """A payment schedule: the document's transaction becomes several."""
        store, whole = self.env.store, self.open(number)
        opened = store.table("CustTransOpens").having("RefRecId", (whole["SysRecId"],))
        for one in opened:
            store.delete("CustTransOpens", one)
        store.delete("CustTransactions", whole)
        for days, amount in enumerate(amounts):
            row = book(self.env, Entry(
                company=COMPANY, kind="Sales", account=OURS, amount=Decimal(amount),
                currency=whole["CurrencyCode"], voucher=whole["Voucher"], day=whole["TransDate"],
                due=self.env.today() + timedelta(days=30 * days), invoice=number,
            ))  # fmt: skip
            assert row["Invoice"] == number

    def reverses(self, number: str) -> str:
        """A reversing document that is settled with the first one; its number."""
        row = self.open(number)
        other = self.invoices(str(-remainder(row)), currency=row["CurrencyCode"])
        settle(self.env, self.open(number), self.open(other))
        store = self.env.store
        for one, its in ((number, other), (other, number)):
            ((mine,), (theirs,)) = (
                store.table("CustInvoiceJourBiEntities").having("InvoiceId", (name.casefold(),))
                for name in (one, its)
            )
            store.update("CustInvoiceJourBiEntities", mine, {"ReversedRecId": theirs["SourceKey"]})
        return other

    def owed(self) -> dict[str, Decimal]:
        """What F&O says is open, by currency."""
        found: dict[str, Decimal] = {}
        for company in (COMPANY, GERMANY):
            for row in transactions(self.env, company, OURS):
                if rest := remainder(row):
                    found[row["CurrencyCode"]] = found.get(row["CurrencyCode"], Decimal(0)) + rest
        return found


async def begun(finance: Finance) -> tuple[Buyers, Ledger]:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    return buyers, Ledger(finance)


async def also_in_germany(finance: Finance) -> None:
    """The buyer has an account in a second legal entity."""
    systems = await finance.services.systems_pool.open(CONNECTION)
    await systems.accounts.put(AccountMapping("customer", str(BUYER), OURS, "import", GERMANY))


async def balances(buyers: Buyers, token: str = OURS_TOKEN) -> dict[str, Decimal]:
    found = (await buyers.get("/balance", token)).json["balances"]
    return {one["currency"]: Decimal(one["balance"]) for one in found}


async def statements(buyers: Buyers, query: str = "") -> dict[str, Mapping[str, Any]]:
    answer = await buyers.get(f"/statement{query}")
    assert answer.status == 200
    return {one["currency"]: one for one in answer.json["statements"]}


@in_finance(**PORTAL)
async def test_who_ordered_sees_the_document_and_who_is_invoiced_owes_it(finance: Finance) -> None:
    buyers, ledger = await begun(finance)
    number = ledger.invoices("100.00", account=THEIRS, ordered_by=OURS)
    ledger.invoices("7.00")
    seen = {one["number"]: one for one in (await buyers.get("/invoices")).json["items"]}
    assert (seen[number]["open"], seen[number]["status"]) == ("100.00", "open")
    assert await balances(buyers) == {"USD": Decimal("7.00")}
    assert await balances(buyers, "theirs") == {"USD": Decimal("100.00")}
    assert [one["number"] for one in (await buyers.get("/invoices", "theirs")).json["items"]] == [
        number
    ]
    payment = book(finance.dynamics, Entry(
        company=COMPANY, kind="Payment", account=THEIRS, amount=Decimal(-100), currency="USD",
        voucher="P-1", day=finance.dynamics.today(),
    ))  # fmt: skip
    settle(finance.dynamics, ledger.open(number, account=THEIRS), payment)
    await asyncio.sleep(61)
    one = (await statements(buyers))["USD"]
    assert (one["opening"], one["closing"], len(one["lines"])) == ("0.00", "7.00", 1)
    seen = {one["number"]: one for one in (await buyers.get("/invoices")).json["items"]}
    assert seen[number]["status"] == "paid"


@in_finance(**PORTAL)
async def test_amounts_have_the_decimals_of_their_currency(finance: Finance) -> None:
    buyers, ledger = await begun(finance)
    ledger.invoices("12.345", currency="KWD")
    ledger.invoices("7.5", currency="JPY")
    found = {one["currency"]: one for one in (await buyers.get("/invoices")).json["items"]}
    assert (found["KWD"]["amount"], found["KWD"]["open"]) == ("12.345", "12.345")
    assert (found["KWD"]["status"], found["JPY"]["amount"]) == ("open", "7.50")
    assert await balances(buyers) == {"KWD": Decimal("12.345"), "JPY": Decimal("7.5")}
    (one,) = (await statements(buyers))["KWD"]["lines"]
    assert one["owed"] == "12.345"


@pytest.mark.parametrize("days_ago", [0, 900])
@in_finance(**PORTAL)
async def test_instalments_are_paid_one_by_one_and_stay_while_one_is_open(
    finance: Finance, days_ago: int
) -> None:
    buyers, ledger = await begun(finance)
    number = ledger.invoices("100.00", days_ago=days_ago)
    ledger.in_parts(number, "33.33", "33.33", "33.34")
    settle(ledger.env, ledger.open(number), ledger.pays("33.33"))
    settle(ledger.env, ledger.open(number), ledger.pays("0.01"))
    (one,) = (await buyers.get("/invoices")).json["items"]
    assert (one["amount"], one["open"], one["status"]) == ("100.00", "66.66", "partly paid")
    details = (await buyers.get(f"/invoices/{one['id']}")).json
    assert [(part["amount"], part["open"]) for part in details["instalments"]] == [
        ("33.33", "0.00"), ("33.33", "33.32"), ("33.34", "33.34"),
    ]  # fmt: skip
    assert [part["amount"] for part in details["settled_by"]] == ["33.33", "0.01"]


@in_finance(**PORTAL)
async def test_a_reversed_document_and_its_reversal_owe_nothing(finance: Finance) -> None:
    buyers, ledger = await begun(finance)
    number = ledger.invoices("45.67")
    other = ledger.reverses(number)
    found = {one["number"]: one for one in (await buyers.get("/invoices")).json["items"]}
    assert {(one["status"], one["open"]) for one in found.values()} == {("reversed", "0.00")}
    assert found.keys() == {number, other}
    assert await balances(buyers) == {}
    (one,) = (await statements(buyers)).values()
    assert [line["owed"] for line in one["lines"]] == ["45.67", "0.00"]


@in_finance(**BOTH)
async def test_a_payment_in_another_legal_entity_settles_an_invoice(finance: Finance) -> None:
    buyers, ledger = await begun(finance)
    number = ledger.invoices("100.00")
    payment = ledger.pays("100.00", GERMANY)
    other = ledger.invoices("5.00", account=THEIRS)
    settle(ledger.env, ledger.open(number), payment)
    (one,) = (await buyers.get("/invoices")).json["items"]
    assert (one["status"], one["open"]) == ("paid", "0.00")
    details = (await buyers.get(f"/invoices/{one['id']}")).json
    assert [(by["kind"], by["amount"]) for by in details["settled_by"]] == [("payment", "100.00")]
    told = (await statements(buyers))["USD"]
    assert (told["opening"], told["closing"]) == ("0.00", "0.00")
    assert [(line["amount"], line["text"]) for line in told["lines"]][1] == (
        "-100.00", "settled in another legal entity",
    )  # fmt: skip
    assert other not in str(told)


@in_finance(**PORTAL)
async def test_a_voucher_of_another_legal_entity_names_no_credit_note(finance: Finance) -> None:
    """Vouchers repeat over legal entities: what settled a document goes by its record."""
    buyers, ledger = await begun(finance)
    number = ledger.invoices("10.00")
    note = ledger.invoices("-3.00")
    payment = ledger.pays("10.00", GERMANY)
    ledger.env.store.update("CustTransactions", payment, {"Voucher": ledger.open(note)["Voucher"]})
    settle(ledger.env, ledger.open(number), payment)
    items = {one["number"]: one["id"] for one in (await buyers.get("/invoices")).json["items"]}
    (by,) = (await buyers.get(f"/invoices/{items[number]}")).json["settled_by"]
    assert (by["kind"], by["number"]) == ("payment", "")


@pytest.mark.parametrize("company", ["", COMPANY])
@in_finance(**PORTAL)
async def test_where_no_record_is_told_a_credit_note_is_known_by_its_voucher(
    finance: Finance, company: str
) -> None:
    buyers, ledger = await begun(finance)
    number, note = ledger.invoices("10.00"), ledger.invoices("-3.00")
    settle(ledger.env, ledger.open(number), ledger.open(note))
    store = ledger.env.store
    for row in store.table("CustSettlementBiEntities").oldest_first():
        changes = {"OffsetRecid": 0, "OffsetCompany": company}
        store.update("CustSettlementBiEntities", row, changes)
    items = {one["number"]: one["id"] for one in (await buyers.get("/invoices")).json["items"]}
    (by,) = (await buyers.get(f"/invoices/{items[number]}")).json["settled_by"]
    assert (by["kind"], by["number"]) == ("credit note", note)
    (one,) = (await statements(buyers)).values()
    assert (one["opening"], one["closing"], len(one["lines"])) == ("0.00", "7.00", 2)


@in_finance(**DELIVERY)
async def test_a_document_tells_its_tax_by_groups_and_where_its_goods_went(
    finance: Finance,
) -> None:
    buyers, _ = await begun(finance)
    order = await finance.placed(**finance.wants("SIMPLE-001", "SIMPLE-002"))
    header = header_of(finance, order)
    finance.dynamics.store.update("SalesTable", header, {"DeliveryModeCode": "10"})
    number, account = header["SalesOrderNumber"], header["OrderingCustomerAccountNumber"]
    systems = await finance.services.systems_pool.open(CONNECTION)
    await systems.accounts.put(AccountMapping("customer", str(BUYER), account, "import", COMPANY))
    (slip,) = finance.dynamics.deliver(number, COMPANY)
    finance.dynamics.track_slip(slip, "JD01", "JD02")
    finance.dynamics.invoice(number, COMPANY)
    (one,) = (await buyers.get("/invoices")).json["items"]
    details = (await buyers.get(f"/invoices/{one['id']}")).json
    assert details["delivery"]["packing_slips"] == [{"number": slip, "tracking": ["JD01", "JD02"]}]
    assert header["DeliveryAddressCity"] in " ".join(details["delivery"]["address"])
    assert details["delivery"]["mode"] == "10"
    taxes = details["taxes"]
    assert {(tax["tax_group"], tax["item_tax_group"]) for tax in taxes} >= {
        (line["tax_group"], line["item_tax_group"]) for line in details["lines"]
    }
    assert sum(Decimal(tax["tax"]) for tax in taxes) == Decimal(one["tax"])
    net = Decimal(one["amount"]) - Decimal(one["tax"])
    assert sum(Decimal(tax["net"]) for tax in taxes) == net
    assert (await buyers.get(f"/invoices/{one['id']}/pdf")).body[:5] == b"%PDF-"


@pytest.mark.parametrize("seed", range(3))
@in_finance(**BOTH)
async def test_every_figure_agrees_whatever_happened(finance: Finance, seed: int) -> None:
    await _agrees(finance, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3, 60))
@in_finance(**BOTH)
async def test_nor_does_any_figure_differ_in_many_lives(finance: Finance, seed: int) -> None:
    await _agrees(finance, seed)


async def _agrees(finance: Finance, seed: int) -> None:
    buyers, ledger = await begun(finance)
    if seed % 2:
        await also_in_germany(finance)
    random = Random(seed)
    for _ in range(25):
        _happens(random, ledger)
        await asyncio.sleep(random.choice((0, 1, 3)) * DAY)
    await asyncio.sleep(61)
    is_german = bool(seed % 2)
    owed = _owed_in(ledger, (COMPANY, GERMANY) if is_german else (COMPANY,))
    found = {name: one for name, one in (await balances(buyers)).items() if one}
    assert found == {name: one for name, one in owed.items() if one}
    await _documents_agree(buyers)
    await _statements_meet(buyers, ledger, owed)


def _owed_in(ledger: Ledger, companies: tuple[str, ...]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in ledger.env.store.table("CustTransactions").oldest_first():
        if row["AccountNum"] == OURS and row[COMPANY_FIELD] in companies:
            found[row["CurrencyCode"]] = found.get(row["CurrencyCode"], Decimal(0)) + remainder(row)
    return found


async def _documents_agree(buyers: Buyers) -> None:
    """What is open of each is what was not settled."""
    items = (await buyers.get("/invoices?page_size=100")).json["items"]
    for one in items:
        details = (await buyers.get(f"/invoices/{one['id']}")).json
        settled = sum(Decimal(by["amount"]) for by in details["settled_by"])
        assert Decimal(one["amount"]) - settled == Decimal(one["open"]), one
        parts = [Decimal(part["amount"]) for part in details["instalments"]]
        assert sum(parts) == Decimal(one["amount"])


async def _statements_meet(buyers: Buyers, ledger: Ledger, owed: dict[str, Decimal]) -> None:
    """The first begins with nothing, each next one where the last has ended, and the last ends with
    what is owed."""
    today = ledger.finance.clock.now().date()
    middle = today - timedelta(days=9)
    first = await statements(buyers, f"?from={today - timedelta(days=400)}&to={middle}")
    last = await statements(buyers, f"?from={middle + timedelta(days=1)}&to={today}")
    assert first.keys() == last.keys()
    for currency, one in first.items():
        assert one["opening"] == "0.00", one
        assert one["closing"] == last[currency]["opening"]
        assert Decimal(last[currency]["closing"]) == owed.get(currency, Decimal(0))


def _happens(random: Random, ledger: Ledger) -> None:
    """Something on the account."""
    amount = str(Decimal(random.randrange(1, 50_000)) / 100)
    currency = random.choice(("USD", "USD", "EUR"))
    company = random.choice((COMPANY, COMPANY, COMPANY, GERMANY))
    rows = [
        row for row in ledger.env.store.table("CustTransactions").oldest_first()
        if row["AccountNum"] == OURS and remainder(row)
    ]  # fmt: skip
    debts = [row for row in rows if remainder(row) > 0]
    credits_ = [row for row in rows if remainder(row) < 0]
    whole = [row for row in debts if row[COMPANY_FIELD] == COMPANY and row["Invoice"]
             and remainder(row) == row["AmountCur"] and row["AmountCur"] > 3]  # fmt: skip
    case = random.randrange(8)
    if case == 0 and whole:
        row = random.choice(whole)
        number = row["Invoice"]
        parts = [one for one in whole if one["Invoice"] == number]
        if len(parts) == 1 and len(_all_of(ledger, number)) == 1:
            first = (row["AmountCur"] / 3).quantize(Decimal("0.01"))
            ledger.in_parts(number, str(first), str(first), str(row["AmountCur"] - 2 * first))
    elif case == 1 and whole:
        number = random.choice(whole)["Invoice"]
        if len(_all_of(ledger, number)) == 1:
            ledger.reverses(number)
    elif case in (2, 3, 4) and debts and credits_:
        _set_off(ledger, random.choice(debts), random.choice(credits_), random)
    elif case == 5:
        ledger.pays(amount, company, currency)
    elif case == 6:
        ledger.invoices(f"-{amount}", currency=currency, company=company)
    else:
        ledger.invoices(amount, currency=currency, company=company)


def _all_of(ledger: Ledger, number: str) -> list[Record]:
    return ledger.env.store.table("CustTransactions").having("Invoice", (number.casefold(),))


def _set_off(ledger: Ledger, debt: Record, credit: Record, random: Random) -> None:
    if debt["CurrencyCode"] == credit["CurrencyCode"]:
        settle(ledger.env, debt, credit, Decimal(random.randrange(1, 40_000)) / 100)
    else:
        settle_as(ledger.env, debt, credit, remainder(debt), -remainder(credit))
