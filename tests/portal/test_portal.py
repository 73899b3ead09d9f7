"""What a buyer sees of their account, to the cent of what F&O holds."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.dynamics.schema import COMPANY as COMPANY_FIELD
from tests.flows.finance import Finance, in_finance
from tests.portal.buyers import NAME, ORIGIN, OURS, OURS_TOKEN, PORTAL, THEIRS, Buyers
from tests.reconcile.planted import header_of
from tests.systems import COMPANY


async def listed(buyers: Buyers, query: str = "") -> list[dict[str, Any]]:
    answer = await buyers.get(f"/invoices{query}")
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items


@in_finance(**PORTAL)
async def test_each_document_shows_what_is_open_of_it_and_where_it_stands(
    finance: Finance,
) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    open_ = buyers.invoices(OURS, "120.00", tax="20.00")
    late = buyers.invoices(OURS, "50.00", days_ago=60)
    part = buyers.invoices(OURS, "80.00")
    paid = buyers.invoices(OURS, "30.00")
    credited = buyers.invoices(OURS, "25.00")
    note = buyers.invoices(OURS, "-25.00")
    buyers.pays(OURS, part, "30.01")
    buyers.pays(OURS, paid, "30.00")
    buyers.credits(OURS, credited, note)
    found = {one["number"]: one for one in await listed(buyers)}
    assert {number: (one["status"], one["open"]) for number, one in found.items()} == {
        open_: ("open", "120.00"), late: ("overdue", "50.00"), part: ("partly paid", "49.99"),
        paid: ("paid", "0.00"), credited: ("paid", "0.00"), note: ("paid", "0.00"),
    }  # fmt: skip
    assert found[note]["kind"] == "credit note"
    assert (found[open_]["amount"], found[open_]["tax"]) == ("120.00", "20.00")
    assert [one["number"] for one in await listed(buyers, "?status=overdue")] == [late]
    details = (await buyers.get(f"/invoices/{found[credited]['id']}")).json
    (settled,) = details["settled_by"]
    assert (settled["kind"], settled["number"], settled["amount"]) == ("credit note", note, "25.00")
    details = (await buyers.get(f"/invoices/{found[part]['id']}")).json
    assert [one["kind"] for one in details["settled_by"]] == ["payment"]
    (line,) = details["lines"]
    assert (line["name"], line["amount"]) == (NAME, "80.00")


@in_finance(**PORTAL)
async def test_balance_aging_and_statement_agree_with_the_ledger_in_each_currency(
    finance: Finance,
) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    for days, amount in ((0, "10.00"), (35, "20.00"), (75, "30.00"), (150, "40.00")):
        buyers.invoices(OURS, amount, days_ago=days)
    buyers.invoices(OURS, "-5.50")
    buyers.invoices(OURS, "7.00", currency="EUR")
    (euros, dollars) = (await buyers.get("/balance")).json["balances"]
    assert dollars == {
        "currency": "USD", "balance": "94.50", "overdue": "90.00", "credits": "-5.50",
        "aging": {"not due": "10.00", "1-30": "20.00", "31-60": "30.00", "61-90": "0.00",
                  "over 90": "40.00"},
    }  # fmt: skip
    assert (euros["currency"], euros["balance"]) == ("EUR", "7.00")
    rows = finance.dynamics.store.table("CustTransOpens").oldest_first()
    assert Decimal(dollars["balance"]) + Decimal(euros["balance"]) == sum(
        row["AmountCur"] for row in rows
    )
    day = finance.clock.now().date().isoformat()
    query = f"?currency=USD&from={day}&to={day}"
    (one,) = (await buyers.get(f"/statement{query}")).json["statements"]
    assert (one["opening"], one["closing"]) == ("90.00", "94.50")
    assert [line["owed"] for line in one["lines"]] == ["100.00", "94.50"]
    (one, _) = (await buyers.get("/statement?to=0001-01-01")).json["statements"]
    assert one["from"] == one["to"], "not before the first day that is shown"


@in_finance(**PORTAL)
async def test_a_schedule_divides_an_invoice_and_a_reversed_one_is_said_to_be(
    finance: Finance,
) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    number, reversed_ = buyers.invoices(OURS, "90.00", days_ago=40), buyers.invoices(OURS, "5.00")
    store = finance.dynamics.store
    (whole,) = store.table("CustTransactions").having("Invoice", (number.casefold(),))
    later = {**whole.values, "SysRecId": store.upcoming, "AmountCur": Decimal(60)}
    store.update("CustTransactions", whole, {"AmountCur": Decimal(30)})
    store.insert("CustTransactions", {**later, "DueDate": finance.dynamics.today()})
    (journal,) = store.table("CustInvoiceJourBiEntities").having(
        "InvoiceId", (reversed_.casefold(),)
    )
    store.update("CustInvoiceJourBiEntities", journal, {"ReversedRecId": 7})
    found = {one["number"]: one for one in await listed(buyers)}
    assert found[reversed_]["status"] == "reversed"
    assert (found[number]["status"], found[number]["open"]) == ("overdue", "90.00")
    details = (await buyers.get(f"/invoices/{found[number]['id']}")).json
    assert [one["amount"] for one in details["instalments"]] == ["30.00", "60.00"]


@in_finance(**PORTAL)
async def test_one_number_in_two_legal_entities_is_two_documents(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    buyers.invoices(OURS, "10.00", number="CIV-1")
    buyers.invoices(OURS, "99.00", number="CIV-1", company="demf")
    (one,) = await listed(buyers)
    assert one["amount"] == "10.00"
    (line,) = (await buyers.get(f"/invoices/{one['id']}")).json["lines"]
    assert line["amount"] == "10.00"
    rows = finance.dynamics.store.table("CustInvoiceJourBiEntities").oldest_first()
    assert {row[COMPANY_FIELD] for row in rows} == {COMPANY, "demf"}


@in_finance(**PORTAL)
async def test_pages_and_filters_show_each_document_once(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    numbers = {buyers.invoices(OURS, "1.00", days_ago=days) for days in range(7)}
    pages = [await listed(buyers, f"?page={page}&page_size=3") for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert {one["number"] for page in pages for one in page} == numbers
    for bad in ("page=0", "page_size=101", "status=lost", "currency=usd", "from=yesterday"):
        assert (await buyers.get(f"/invoices?{bad}")).status == 400


@in_finance(**PORTAL)
async def test_a_copy_is_a_pdf_with_every_letter_and_says_that_it_is_a_copy(
    finance: Finance,
) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    buyers.invoices(OURS, "12.34", tax="2.34")
    (one,) = await listed(buyers)
    answer = await buyers.get(f"/invoices/{one['id']}/pdf")
    assert (answer.status, answer.body[:5]) == (200, b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    again = await buyers.get(f"/invoices/{one['id']}/pdf")
    assert again.body == answer.body


@in_finance(**PORTAL)
async def test_orders_that_were_not_placed_in_the_shop_are_listed_each_once(
    finance: Finance,
) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    order = await finance.placed()
    values = {**header_of(finance, order).values, "OrderingCustomerAccountNumber": OURS}
    finance.dynamics.store.insert("SalesTable", {**values, "SalesOrderNumber": "SO-WEB"})
    for days, number in enumerate(("SO-1", "SO-2", "SO-3")):
        buyers.orders(OURS, number, ("PHONE", "", "SHOP")[days], days_ago=days * 40)
    buyers.orders(OURS, "SO-EUR", "PHONE", CurrencyCode="EUR", days_ago=1)
    buyers.orders(OURS, "SO-OLD", "PHONE", days_ago=800)
    buyers.orders(THEIRS, "SO-THEIRS", "PHONE")

    async def listed(query: str = "", token: str = OURS_TOKEN) -> list[str]:
        items = (await buyers.get(f"/orders{query}", token)).json["items"]
        return [one["number"] for one in items]

    assert await listed() == ["SO-1", "SO-EUR", "SO-2", "SO-3"], "latest first"
    assert await listed("?page=2&page_size=3") == ["SO-3"]
    assert await listed("?currency=EUR") == ["SO-EUR"]
    month = (finance.clock.now() - timedelta(days=30)).date().isoformat()
    assert await listed(f"?to={month}") == ["SO-2", "SO-3"]
    assert await listed(token="theirs") == ["SO-THEIRS"]


@in_finance(portal={"shop_key": "shop-key"})
async def test_where_nobody_asks_for_them_no_orders_are_listed(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    buyers.orders(OURS, "SO-PHONE", "PHONE")
    assert (await buyers.get("/orders")).status == 404


@in_finance(**PORTAL)
async def test_the_shops_pages_may_ask_and_no_others(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    for origin, allowed in ((ORIGIN, ORIGIN), ("https://evil.example", None)):
        for method in ("GET", "OPTIONS"):
            answer = await buyers.get("/invoices", method=method, headers={"origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed
    answer = await buyers.get("/invoices", "", headers={"origin": ORIGIN})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (401, ORIGIN)
