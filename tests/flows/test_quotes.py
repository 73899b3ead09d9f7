"""Quotes: one quotation each, answered by what F&O approved and by nothing else, and one order."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.catalogue import STORES
from sandbox.commerce.quote_prices import cost_of
from sandbox.dials import Kind
from sandbox.dynamics import quotation_handling as office
from sandbox.dynamics.account_files import TABLE as FILES
from sandbox.dynamics.quotations import HEADER, LINE
from sync.cli.person import Named, Records
from sync.engine.claim import State
from sync.preview.quotes import preview_quote
from tests.flows.b2b import KIM
from tests.flows.quotes import Negotiating, in_quotes


@in_quotes()
async def test_a_quote_becomes_one_quotation_without_prices(ours: Negotiating) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    header = ours.of(quote)
    assert header["QuotationResponsiblePersonnelNumber"] == "000123"
    assert header["SalesQuotationExpiryDate"].date() == quote.expires
    assert header["DeliveryAddressCity"] == "New York"
    assert "What's your best price?" in header["SalesQuotationName"]
    first, second = ours.quoted(quote)
    assert (first["ItemNumber"], first["RequestedSalesQuantity"]) == ("SIMPLE-001", 2)
    assert first["LineDescription"] == "Simple 001; shop price 9.99 USD"
    assert second["ExternalItemNumber"] == str(quote.items[1].id)
    for _ in range(2):
        await ours.look()
    assert len(ours.quotations()) == 1
    assert ours.status(quote) == "created/Created"


@in_quotes()
async def test_what_f_and_o_approved_goes_to_the_buyer_and_becomes_one_order(
    ours: Negotiating,
) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    await ours.answered(quote, "9", "80")
    assert ours.status(quote) == "submitted_by_admin/Sent"
    assert ours.shown(quote) == 258
    assert "Our quotation" in quote.comments[-1]["comment"]
    order = await ours.orders(quote)
    (sold,) = ours.headers(order)
    assert sold["QuotationNumber"] == ours.of(quote)["SalesQuotationNumber"]
    claim = await ours.claim(str(quote.id), "quotes")
    assert "is still Sent in D365" in claim.reason
    ours.ends(quote, "Lost", reason="WEB")
    await ours.look()
    claim = await ours.claim(str(quote.id), "quotes")
    assert (claim.state, claim.reason) == (State.DELIVERED, "")


@in_quotes()
async def test_a_later_version_amends_it_and_waits_for_a_new_answer(ours: Negotiating) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    await ours.answered(quote, "9", "80")
    ours.commerce.resubmit_quote(quote, {"SIMPLE-001": 5, "SIMPLE-003": 1}, "and with five?")
    await ours.look()
    assert ours.status(quote) == "submitted_by_customer/Modified"
    assert {row["ItemNumber"]: row["RequestedSalesQuantity"] for row in ours.quoted(quote)} == {
        "SIMPLE-001": 5, "SIMPLE-003": 1,
    }  # fmt: skip
    assert "and with five?" in ours.of(quote)["SalesQuotationName"]
    assert ours.shown(quote) != 258
    await ours.answered(quote, "8", "15.5")
    assert (ours.status(quote), ours.shown(quote)) == ("submitted_by_admin/Sent", Decimal("55.5"))
    rows = await ours.trail(str(quote.id), "quotes")
    said = " ".join(str(entry) for entry in rows)
    assert "2 (buyer 7, " in said
    assert "SIMPLE-001: 2 -> 5" in said


@in_quotes()
async def test_a_newer_price_waits_for_the_sellers_turn(ours: Negotiating) -> None:
    quote = await ours.asks(SIMPLE_006=2)
    await ours.answered(quote, "80")
    await ours.answered(quote, "70")
    assert ours.shown(quote) == 160
    claim = await ours.claim(str(quote.id), "quote_answers")
    assert "newer price" in claim.reason
    ours.commerce.resubmit_quote(quote)
    await ours.look()
    assert ours.stands(quote) == "140.00 submitted_by_admin"


@in_quotes()
async def test_a_quote_that_is_sent_back_is_not_answered_by_the_old_price(
    ours: Negotiating,
) -> None:
    quote = await ours.asks(SIMPLE_006=2)
    await ours.answered(quote, "80")
    ours.commerce.resubmit_quote(quote)
    await ours.look()
    assert quote.status == "submitted_by_customer"
    assert "sent it back" in (await ours.claim(str(quote.id), "quote_answers")).reason
    await ours.replays(str(quote.id), "quote_answers")
    await ours.works_until_idle()
    assert ours.stands(quote) == "160.00 submitted_by_admin"


@in_quotes()
async def test_what_nobody_sent_again_is_no_answer_to_a_later_version(ours: Negotiating) -> None:
    ours.dynamics.settings.quotations_stay = True
    quote = await ours.asks(SIMPLE_006=2)
    await ours.answered(quote, "80")
    ours.commerce.resubmit_quote(quote, {"SIMPLE-006": 9}, "nine")
    await ours.look()
    assert ours.status(quote) == "submitted_by_customer/Sent"
    assert "nobody has sent" in (await ours.claim(str(quote.id), "quote_answers")).reason
    await ours.answered(quote, "75")
    assert ours.stands(quote) == "675.00 submitted_by_admin"


@pytest.mark.parametrize("status", ["Lost", "Cancelled"])
@in_quotes(quotes={"reasons": {"PRICE": "Too cheap."}})
async def test_a_lost_quotation_declines_with_its_reason(ours: Negotiating, status: str) -> None:
    quote = await ours.asks()
    ours.prices(quote, "80")
    ours.ends(quote, status, reason="PRICE")
    await ours.look()
    assert (quote.status, quote.comments[-1]["comment"]) == ("declined", "Too cheap.")
    assert await ours.parked("quotes") == await ours.parked("quote_answers") == []


@in_quotes()
async def test_converted_in_f_and_o_first_declines_with_the_orders_number(
    ours: Negotiating,
) -> None:
    quote = await ours.asks()
    number = ours.confirms(quote)
    await ours.look()
    assert quote.status == "declined"
    assert number in quote.comments[-1]["comment"]


@in_quotes()
async def test_there_are_never_two_orders_of_a_quote(ours: Negotiating) -> None:
    quote = await ours.asks()
    await ours.answered(quote, "80")
    number = ours.confirms(quote)
    await ours.look()
    assert number in (await ours.claim(str(quote.id), "quote_answers")).reason
    order = await ours.orders(quote)
    assert ours.headers(order) == []
    claim = await ours.claim(order)
    assert claim.state is State.PARKED
    assert number in claim.reason
    assert len(ours.rows("SalesTable")) == 1


@in_quotes()
async def test_an_order_of_f_and_o_after_the_web_order_is_listed(ours: Negotiating) -> None:
    quote = await ours.asks()
    await ours.answered(quote, "80")
    await ours.orders(quote)
    number = ours.confirms(quote)
    await ours.look()
    assert f"sales order {number}" in (await ours.claim(str(quote.id), "quotes")).reason


@in_quotes()
async def test_a_quotation_that_nobody_can_ask_for_parks_its_own_answer_alone(
    ours: Negotiating,
) -> None:
    odd, quote = await ours.asks(SIMPLE_001=2), await ours.asks(SIMPLE_006=3)
    ours.dynamics.put(HEADER, **{**ours.of(odd).values, "SalesQuotationNumber": "A*1"})
    await ours.answered(quote, "80")
    assert ours.status(quote) == "submitted_by_admin/Sent"
    claim = await ours.claim(str(odd.id), "quote_answers")
    assert (claim.state, "SalesQuotationNumber" in claim.reason) == (State.PARKED, True)


@in_quotes()
async def test_without_a_price_nothing_is_offered(ours: Negotiating) -> None:
    quote = await ours.asks(SIMPLE_001=1, SIMPLE_006=1)
    await ours.answered(quote, "9", "0")
    assert quote.status == "created"
    assert "no price for SIMPLE-006" in (await ours.claim(str(quote.id), "quote_answers")).reason
    await ours.answered(quote, "9", "50")
    assert ours.shown(quote) == 59


@in_quotes(quotes={"prices": "items"})
async def test_prices_of_items_are_those_of_f_and_o(ours: Negotiating) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    office.add_line(ours.dynamics, ours.of(quote), "FREIGHT", Decimal("12.50"))
    await ours.answered(quote, "4.20", "81.17")
    rows = [row["row_total"] for row in ours.commerce.cooked_quote(quote).items]
    assert rows == [Decimal("8.40"), Decimal("243.51")]
    assert quote.shipping == Decimal("12.5")
    order = await ours.orders(quote)
    assert len(ours.headers(order)) == 1
    amounts = {row["ItemNumber"]: row["LineAmount"] for row in ours.rows("SalesLine")}
    assert amounts["SIMPLE-001"] == Decimal("8.4")


@in_quotes(quotes={"prices": "items"})
async def test_a_release_without_prices_of_items_parks_before_the_buyer_sees_anything(
    ours: Negotiating,
) -> None:
    ours.commerce.per_item_prices = False
    quote = await ours.asks()
    await ours.answered(quote, "80")
    claim = await ours.claim(str(quote.id), "quote_answers")
    assert claim.state is State.PARKED
    assert quote.status == "created"


@in_quotes()
async def test_prices_with_tax_in_another_currency_are_proved_too(ours: Negotiating) -> None:
    quote = await ours.asks(german=True, SIMPLE_006=2)
    assert ours.of(quote)["ArePricesIncludingSalesTax"] == "Yes"
    await ours.answered(quote, "80")
    assert ours.stands(quote) == "160.00 submitted_by_admin"


@in_quotes()
async def test_a_total_that_is_spread_over_several_tax_rates_parks_where_its_tax_is_another(
    ours: Negotiating,
) -> None:
    pieces: dict[str, Any] = {"SIMPLE-006": 2, "STAMP 0/5": 1}
    quote = await ours.asks(**pieces)
    await ours.answered(quote, "20", "4")
    claim = await ours.claim(str(quote.id), "quote_answers")
    assert claim.state is State.PARKED
    assert "of items at several rates is 0.26 more than approved" in claim.reason
    assert quote.status == "processing_by_admin"


@in_quotes()
async def test_cost_never_crosses(ours: Negotiating) -> None:
    quote = await ours.asks()
    await ours.answered(quote, "80")
    cost = str(cost_of(quote.items[0]))
    kept = [str(row.values) for table in (HEADER, LINE) for row in ours.rows(table)]
    assert not any(cost in one for one in [*kept, str(quote.comments)])
    for flow in ("quotes", "quote_answers"):
        for name in ("read", "sent", "wanted", "answered"):
            found = await ours.services.documents.last(f"shop|{flow}|{quote.id}", name)
            assert cost not in str(found)


@in_quotes(quotes={"numbers": "ours"})
async def test_a_lost_answer_makes_no_second_quotation(ours: Negotiating) -> None:
    ours.ledger_dials.next(Kind.LOST)
    quote = await ours.asks()
    await ours.ledger_dials.settle()
    await ours.works_until_idle()
    assert ours.of(quote)["SalesQuotationNumber"] == f"Q1-{quote.id}"
    assert len(ours.quoted(quote)) == 1


@in_quotes(quotes={"numbers": "theirs"})
async def test_a_quotation_that_is_lost_before_it_has_lines_declines_its_quote(
    ours: Negotiating,
) -> None:
    ours.ledger_dials.next(
        Kind.ERROR_BEFORE, where=lambda one: one.writes and b"SalesQuotationLines" in one.body
    )
    quote = ours.commerce.request_quote(KIM, STORES[0], {"SIMPLE-006": 2})
    await ours.waits(20)
    await ours.polls("quotes")
    while not ours.quotations():
        await ours.works_for(1)
    assert ours.quoted(quote) == []
    ours.ends(quote, "Lost")
    await ours.works_until_idle()
    await ours.look()
    assert await ours.parked("quotes") == []
    assert ours.status(quote) == "declined/Lost"


@in_quotes()
async def test_a_preview_shows_both_ways_and_writes_nothing(ours: Negotiating) -> None:
    quote = await ours.asks()
    ours.sends(quote, "80")
    there, back = await preview_quote(str(quote.id), await ours.as_it_stands())
    assert there.requests[0].path == "/data/SalesQuotationHeadersV2"
    assert back.requests[-1].path == "/V1/negotiableQuote/submitToCustomer"
    assert quote.status == "created"
    assert "SalesPrice" not in str(there.requests)


@pytest.mark.parametrize("status", ["Lost", "Confirmed"])
@in_quotes()
async def test_what_is_over_in_f_and_o_declines_once_it_is_the_sellers_turn(
    ours: Negotiating, status: str
) -> None:
    quote = await ours.asks()
    await ours.answered(quote, "80")
    ours.ends(quote, status) if status == "Lost" else ours.confirms(quote)
    await ours.look()
    assert quote.status == "submitted_by_admin"
    ours.commerce.resubmit_quote(quote, {"SIMPLE-006": 3})
    await ours.look()
    assert quote.status == "declined"
    assert await ours.parked("quotes") == []
    ours.commerce.resubmit_quote(quote, {"SIMPLE-006": 4} if status == "Lost" else None, "please")
    await ours.look()
    if status == "Lost":
        assert (quote.status, await ours.parked("quotes")) == (
            "submitted_by_customer", [str(quote.id)]
        )  # fmt: skip
        ours.ends(quote, "Reset")
        await ours.replays(str(quote.id), "quotes")
        await ours.works_until_idle()
        await ours.answered(quote, "70")
        assert ours.stands(quote) == "280.00 submitted_by_admin"
    else:
        assert quote.status == "declined"


@in_quotes()
async def test_an_erasure_finds_the_quotes_of_a_customer(ours: Negotiating) -> None:
    quote = await ours.asks()
    await ours.answered(quote, "80")
    systems = await ours.services.systems_pool.open("shop")
    records = Records(ours.services, systems)
    found = await records.of(Named(customers=[7]))
    assert {("quotes", str(quote.id)), ("quote_answers", str(quote.id))} <= set(found)
    assert not [one for one in await records.of(Named(customers=[1])) if "quote" in one[0]]


DRAWING, CONTRACT = "ZHJhd2luZw==", "Y29udHJhY3Q="


@in_quotes(quotes={"files": "account", "link": True, "terms": {"Net30": "Pay within 30 days."}})
async def test_files_and_terms_go_both_ways(ours: Negotiating) -> None:
    ours.sent_along = {"drawing.pdf": DRAWING, "virus.exe": DRAWING}
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    (held,) = ours.rows(FILES)
    reference = ours.of(quote)["CustomersReference"]
    number = quote.comments[0]["attachments"][0]["attachment_id"]
    assert held["CustomerAccountNumber"] == ours.of(quote)["RequestingCustomerAccountNumber"]
    assert (held["Name"], held["FileContents"]) == (f"{reference} {number}", DRAWING)
    assert (held["FileName"], held["FileType"]) == ("drawing", "pdf")
    said = " ".join(map(str, await ours.trail(str(quote.id), "quotes")))
    assert "virus.exe stays in the shop" in said
    ours.attaches(quote, "contract.pdf", CONTRACT)
    ours.attaches(quote, "margins.xlsx", CONTRACT, Restriction="Internal")
    ours.attaches(quote, "other.pdf", CONTRACT, Name="Q1-999 other")
    await ours.answered(
        quote, "9", "80", PaymentTermsName="Net30", URL="https://contoso.example/terms/7"
    )
    answer = quote.comments[-1]
    assert "Pay within 30 days. https://contoso.example/terms/7" in answer["comment"]
    (file,) = answer["attachments"]
    assert file["file_name"] == "contract.pdf"
    assert ours.commerce.quote_files[file["attachment_id"]][1] == CONTRACT
    ours.commerce.resubmit_quote(quote, None, "and this", files={"more.txt": DRAWING})
    await ours.look()
    assert len([one for one in ours.rows(FILES) if one["Restriction"] == "Internal"]) == 3
    for _ in range(2):
        await ours.look()
    assert len(ours.rows(FILES)) == 5


@in_quotes(quotes={"files": "account"})
async def test_a_file_whose_answer_is_lost_is_attached_once(ours: Negotiating) -> None:
    ours.ledger_dials.next(Kind.LOST, where=lambda one: one.path.endswith(FILES) and one.writes)
    ours.sent_along = {"a.pdf": DRAWING, "b.pdf": CONTRACT}
    quote = await ours.asks()
    await ours.ledger_dials.settle()
    await ours.works_until_idle()
    assert [one["FileName"] for one in ours.rows(FILES)] == ["a", "b"]
    assert (await ours.claim(str(quote.id), "quotes")).state is State.DELIVERED


@in_quotes(quotes={"files": "account"})
async def test_a_quotation_whose_files_came_later_is_amended(ours: Negotiating) -> None:
    ours.sent_along = {"drawing.pdf": DRAWING}
    ours.ledger_dials.next(
        Kind.THROTTLE, seconds=5, where=lambda one: one.path.endswith(FILES) and one.writes
    )
    quote = await ours.asks()
    assert ours.ledger_dials.counts[Kind.THROTTLE] == 1
    await ours.answered(quote, "80")
    ours.commerce.resubmit_quote(quote, {"SIMPLE-001": 5})
    await ours.look()
    claim = await ours.claim(str(quote.id), "quotes")
    assert (claim.state, claim.reason) == (State.DELIVERED, "")
    assert {one["RequestedSalesQuantity"] for one in ours.quoted(quote)} == {5}


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [("terms.exe", CONTRACT, "not of an allowed type"), ("big.pdf", "A" * 1_500_000, "bytes")],
)
@in_quotes(quotes={"files": "account", "file_megabytes": 1})
async def test_files_that_a_shop_refuses_park_before_the_buyer_sees_anything(
    ours: Negotiating, name: str, content: str, fault: str
) -> None:
    quote = await ours.asks()
    ours.attaches(quote, name, content)
    await ours.answered(quote, "80")
    claim = await ours.claim(str(quote.id), "quote_answers")
    assert (claim.state, quote.status) == (State.PARKED, "created")
    assert fault in claim.reason


@in_quotes()
async def test_what_submitting_would_take_away_is_seen_before(ours: Negotiating) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    ours.commerce.unsold.add("SIMPLE-001")
    await ours.answered(quote, "9", "80")
    claim = await ours.claim(str(quote.id), "quote_answers")
    assert (claim.state, quote.status) == (State.PARKED, "processing_by_admin")
    assert "SIMPLE-001: 0" in claim.reason


@in_quotes()
async def test_an_order_that_may_not_name_its_quotation_parks_with_the_setting(
    ours: Negotiating,
) -> None:
    ours.dynamics.settings.closed |= {"SalesOrderHeadersV4.QuotationNumber"}
    quote = await ours.asks()
    await ours.answered(quote, "80")
    claim = await ours.claim(await ours.orders(quote))
    assert claim.state is State.PARKED
    assert "not allowed for field" in claim.reason
    assert "order_field" in claim.remedy
