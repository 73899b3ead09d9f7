"""Quotes of Dynamics 365 Sales: one each, answered by what a seller activated, and one order."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.commerce.catalogue import STORES
from sandbox.dataverse import sales
from sandbox.dataverse import sales_office as office
from sandbox.dataverse.state import Row
from sandbox.dials import Kind
from sync.cli.erase import tell_of_dataverse
from sync.engine.claim import State
from sync.preview.quotes import preview_quote
from tests.flows.b2b import KIM
from tests.flows.sales_quotes import ACCOUNT, Selling, in_sales
from tests.reconcile.planted import reconciled

LOSSES = (
    Kind.LOST,
    pytest.param(Kind.ERROR_AFTER, marks=pytest.mark.long),
    pytest.param(Kind.ERROR_BEFORE, marks=pytest.mark.long),
)


@in_sales()
async def test_a_quote_becomes_one_draft_without_prices(ours: Selling) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    row, lines = ours.sold(quote), ours.rows_of(quote)
    assert (row["customerid"], row["expireson"]) == (ACCOUNT, str(quote.expires))
    assert (row["shipto_city"], row["description"]) == ("New York", "What's your best price?")
    first, second = (lines[str(item.id)] for item in quote.items)
    assert (first["quantity"], first["priceperunit"], first["isproductoverridden"]) == (2, 0, True)
    assert first["productdescription"].startswith("SIMPLE-001 (ea)")
    assert second["description"] == "Simple 006; shop price 100.00 USD"
    for _ in range(2):
        await ours.look()
    assert ours.stand(quote) == ("created", 0, 0, 1)
    assert ours.quotations() == []
    claim = await ours.claim(str(quote.id), "quotes")
    assert (claim.state, claim.number) == (State.DELIVERED, row["quotenumber"])


@in_sales()
async def test_what_a_seller_activated_goes_to_the_buyer_and_becomes_one_order(
    ours: Selling,
) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    await ours.offers(quote, "9", "80", paymenttermscode=1)
    assert ours.stand(quote) == ("submitted_by_admin", 1, 0, 1)
    assert ours.shown(quote) == 258
    number = ours.number(quote)
    said = quote.comments[-1]["comment"]
    assert number in said
    assert "Net 30" in said
    order = await ours.orders(quote)
    (header,) = ours.headers(order)
    assert (header["SalesOrderName"], header.get("QuotationNumber", "")) == (number, "")
    assert "is still Active in Dynamics" in (await ours.claim(str(quote.id), "quotes")).reason
    office.win(ours.service, number)
    await ours.look()
    claim = await ours.claim(str(quote.id), "quotes")
    assert (claim.state, claim.reason) == (State.DELIVERED, "")
    assert len(ours.rows("SalesTable")) == 1


@in_sales()
async def test_discounts_and_freight_are_part_of_what_was_approved(ours: Selling) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=1)
    ours.enters(quote, "10", "90")
    line = ours.rows_of(quote)[str(quote.items[1].id)]
    ours.service.change("quotedetails", line["quotedetailid"], {
        "manualdiscountamount": Decimal("5.01"), "tax": Decimal("8.40"),
    })  # fmt: skip
    await ours.offers(
        quote, discountpercentage=Decimal("12.5"), discountamount=Decimal(3),
        freightamount=Decimal("7.25"),
    )  # fmt: skip
    assert ours.sold(quote)["totalamountlessfreight"] == Decimal("88.87")
    assert ours.shown(quote) == Decimal("88.87")
    assert quote.shipping == Decimal("7.25")


@in_sales()
async def test_prices_without_tax_in_another_currency_are_proved_too(ours: Selling) -> None:
    quote = await ours.asks(german=True, SIMPLE_006=2)
    await ours.offers(quote, "80")
    assert ours.stands(quote) == "160.00 submitted_by_admin"


@in_sales()
async def test_a_line_that_nobody_can_tell_is_not_offered(ours: Selling) -> None:
    quote = await ours.asks(SIMPLE_001=1, SIMPLE_006=1)
    ours.enters(quote, "9", "80")
    line = ours.rows_of(quote)[str(quote.items[0].id)]
    values = {"productdescription": "SIMPLE-001, a better one"}
    ours.service.change("quotedetails", line["quotedetailid"], values)
    await ours.offers(quote)
    claim = await ours.claim(str(quote.id), "quote_answers")
    assert "no line for SIMPLE-001" in claim.reason
    assert "in brackets" in claim.remedy
    assert quote.status == "created"


@in_sales()
async def test_totals_that_are_not_those_of_the_lines_are_not_offered(ours: Selling) -> None:
    quote = await ours.asks()
    ours.enters(quote, "80")
    ours.sold(quote)["totalamount"] += Decimal("0.01")
    office.activate(ours.service, ours.number(quote))
    await ours.look()
    claim = await ours.claim(str(quote.id), "quote_answers")
    assert (claim.state, quote.status) == (State.PARKED, "created")
    assert "Revise it first" in claim.remedy


@in_sales()
async def test_what_has_no_price_is_not_offered(ours: Selling) -> None:
    quote = await ours.asks(SIMPLE_001=1, SIMPLE_006=1)
    await ours.offers(quote, "9")
    claim = await ours.claim(str(quote.id), "quote_answers")
    assert "no price for SIMPLE-006" in claim.reason
    assert quote.status == "created"


@in_sales()
async def test_a_draft_is_amended_and_keeps_what_a_seller_entered(ours: Selling) -> None:
    quote = await ours.asks(SIMPLE_001=2, SIMPLE_006=3)
    await ours.offers(quote, "9", "80")
    ours.commerce.resubmit_quote(quote, {"SIMPLE-001": 5, "SIMPLE-003": 1}, "and with five?")
    await ours.look()
    assert ours.stand(quote) == ("submitted_by_customer", 0, 1, 2)
    amounts = {one["productdescription"][:10]: (one["quantity"], one["priceperunit"])
               for one in ours.rows_of(quote).values()}  # fmt: skip
    assert amounts == {"SIMPLE-001": (5, 9), "SIMPLE-003": (1, 0)}
    assert "and with five?" in ours.sold(quote)["name"]
    await ours.offers(quote, "8", "15.5")
    assert (quote.status, ours.shown(quote)) == ("submitted_by_admin", Decimal("55.5"))
    said = " ".join(str(entry) for entry in await ours.trail(str(quote.id), "quotes"))
    assert "2 (buyer 7, " in said
    assert "SIMPLE-003" in said


@in_sales(quotes={"sales": {"revise": False}})
async def test_an_active_quote_waits_for_a_seller_where_we_may_not_revise(ours: Selling) -> None:
    quote = await ours.asks()
    await ours.offers(quote, "80")
    ours.commerce.resubmit_quote(quote, {"SIMPLE-006": 9}, "nine")
    await ours.look()
    claim = await ours.claim(str(quote.id), "quotes")
    assert claim.state is State.PARKED
    assert "Revise quote" in claim.remedy
    assert ours.stand(quote) == ("submitted_by_customer", 1, 0, 1)
    office.draft(ours.service, ours.number(quote))
    await ours.replays(str(quote.id), "quotes")
    await ours.works_until_idle()
    (line,) = ours.rows_of(quote).values()
    assert line["quantity"] == 9


@pytest.mark.parametrize("kind", LOSSES)
@in_sales()
async def test_a_lost_answer_makes_no_second_revision(ours: Selling, kind: Kind) -> None:
    quote = await ours.asks()
    await ours.offers(quote, "80")
    ours.commerce.resubmit_quote(quote, {"SIMPLE-006": 9}, "nine")
    ours.loses("POST", "/ReviseQuote", kind)
    await ours.goes_on()
    assert ours.stand(quote) == ("submitted_by_customer", 0, 1, 2)
    (line,) = ours.rows_of(quote).values()
    assert (line["quantity"], line["priceperunit"]) == (9, 80)


@pytest.mark.parametrize("kind", LOSSES)
@in_sales()
async def test_a_lost_answer_makes_no_second_quote(ours: Selling, kind: Kind) -> None:
    ours.loses("POST", "/$batch", kind)
    quote = await ours.asks(SIMPLE_001=1, SIMPLE_006=1)
    await ours.goes_on()
    assert ours.stand(quote) == ("created", 0, 0, 1)
    assert len(ours.rows_of(quote)) == 2
    assert await ours.parked("quotes") == []


@in_sales()
async def test_what_is_activated_before_its_number_is_known_goes_to_the_buyer(
    ours: Selling,
) -> None:
    """Its change is polled before, as a quote of nobody."""
    ours.loses("POST", "/$batch")
    quote = ours.commerce.request_quote(KIM, STORES[0], {"SIMPLE-006": 2})
    await ours.waits(20)
    await ours.polls("quotes")
    await ours.works_for(4)
    ours.enters(quote, "80")
    office.activate(ours.service, ours.number(quote))
    await ours.waits(40)
    await ours.polls("quote_answers")
    assert (await ours.claim(str(quote.id), "quotes")).number == ""
    await ours.goes_on()
    assert ours.stand(quote) == ("submitted_by_admin", 1, 0, 1)


@pytest.mark.parametrize("ending", ["/$batch", pytest.param("/accounts", marks=pytest.mark.long)])
@in_sales()
async def test_a_quote_that_dataverse_throttles_is_made_once_when_it_may_be_asked_again(
    ours: Selling, ending: str
) -> None:
    """Whether it is what writes it or a read before."""
    asked = ours.clock.now()
    ours.loses("POST" if ending == "/$batch" else "GET", ending, Kind.THROTTLE)
    quote = await ours.asks(SIMPLE_001=1, SIMPLE_006=1)
    await ours.goes_on()
    assert ours.systems.service_dials.counts[Kind.THROTTLE] == 1
    assert ours.stand(quote) == ("created", 0, 0, 1)
    claim = await ours.claim(str(quote.id), "quotes")
    assert claim.state is State.DELIVERED
    made = datetime.fromisoformat(str(ours.sold(quote)["createdon"]))
    assert made - asked >= timedelta(seconds=20)


@in_sales()
async def test_a_quote_that_is_activated_meanwhile_is_revised_after_all(ours: Selling) -> None:
    quote = await ours.asks()
    await ours.offers(quote, "80")
    number = ours.number(quote)
    office.draft(ours.service, number)
    kept = ours.service.kept

    def activated_first() -> dict[str, dict[str, Row]]:
        """Between our look and the changeset."""
        ours.service.kept = kept  # type: ignore[method-assign]
        office.activate(ours.service, number)
        return kept()

    ours.service.kept = activated_first  # type: ignore[method-assign]
    ours.commerce.resubmit_quote(quote, {"SIMPLE-006": 4}, "four")
    await ours.waits(20)
    await ours.polls("quotes")
    await ours.works_for(4)
    assert "no Draft any more" in (await ours.claim(str(quote.id), "quotes")).reason
    await ours.goes_on()
    assert ours.stand(quote) == ("submitted_by_customer", 0, 2, 3)
    assert await ours.parked("quotes") == []


@pytest.mark.parametrize(("status", "text"), [(5, "cannot make you"), (6, "was cancelled")])
@in_sales()
async def test_a_quote_that_is_closed_declines(ours: Selling, status: int, text: str) -> None:
    quote = await ours.asks()
    ours.enters(quote, "80")
    office.activate(ours.service, ours.number(quote), status=100)
    await ours.look()
    assert quote.status == "created"
    office.close(ours.service, ours.number(quote), status)
    await ours.look()
    assert quote.status == "declined"
    assert text in quote.comments[-1]["comment"]
    assert await ours.parked("quotes") == await ours.parked("quote_answers") == []


@in_sales()
async def test_won_in_the_sellers_turn_declines(ours: Selling) -> None:
    quote = await ours.asks()
    office.activate(ours.service, ours.number(quote), status=100)
    office.win(ours.service, ours.number(quote), order="ORD-01")
    await ours.look()
    assert quote.status == "declined"
    assert "ORD-01" in quote.comments[-1]["comment"]


@pytest.mark.parametrize("is_revised", [False, True])
@in_sales()
async def test_there_are_never_two_orders_of_a_quote(ours: Selling, *, is_revised: bool) -> None:
    quote = await ours.asks()
    await ours.offers(quote, "80")
    office.win(ours.service, ours.number(quote), order="ORD-01")
    if is_revised:
        sales.revise(ours.service, ours.sold(quote)["quoteid"])
    await ours.look()
    assert is_revised or "ORD-01" in (await ours.claim(str(quote.id), "quote_answers")).reason
    order = await ours.orders(quote)
    assert ours.headers(order) == []
    claim = await ours.claim(order)
    assert claim.state is State.PARKED
    assert "ORD-01" in claim.reason
    assert f"skip orders {order.row['increment_id']}" in claim.remedy
    assert ours.rows("SalesTable") == []


@in_sales()
async def test_a_number_that_two_have_stops_no_other_quote(ours: Selling) -> None:
    first, second = await ours.asks(), await ours.asks(SIMPLE_001=1)
    columns = {"name": "twin", "quotenumber": ours.number(first), "revisionnumber": 0}
    twin = ours.service.create("quotes", None, columns)
    await ours.offers(second, "9")
    assert second.status == "submitted_by_admin"
    claim = await ours.claim(str(first.id), "quote_answers")
    assert "several quotes" in claim.reason
    del ours.service.tables["quotes"][twin["quoteid"]]
    await ours.offers(first, "80")
    assert first.status == "submitted_by_admin"


@in_sales()
async def test_a_draft_is_not_offered_even_where_a_person_asks(ours: Selling) -> None:
    quote = await ours.asks()
    ours.enters(quote, "80")
    await ours.replays(str(quote.id), "quote_answers")
    await ours.works_until_idle()
    assert ours.stand(quote) == ("created", 0, 0, 1)
    office.activate(ours.service, ours.number(quote))
    await ours.look()
    ours.commerce.resubmit_quote(quote, {"SIMPLE-006": 1}, "one")
    await ours.replays(str(quote.id), "quote_answers")
    await ours.works_until_idle()
    assert ours.stand(quote) == ("submitted_by_customer", 0, 1, 2)


@in_sales()
async def test_a_preview_shows_both_ways_and_writes_nothing(ours: Selling) -> None:
    quote = await ours.asks()
    ours.enters(quote, "80")
    office.activate(ours.service, ours.number(quote))
    there, back = await preview_quote(str(quote.id), await ours.as_it_stands())
    assert [one.path.partition("(")[0] for one in there.requests] == ["/quotes", "/quotedetails"]
    assert back.requests[-1].path == "/V1/negotiableQuote/submitToCustomer"
    assert ours.stand(quote) == ("created", 1, 0, 1)


@pytest.mark.parametrize("order", ["", "ORD-01"])
@in_sales()
async def test_what_is_won_declines_once_it_is_the_sellers_turn(ours: Selling, order: str) -> None:
    quote = await ours.asks()
    await ours.offers(quote, "80")
    office.win(ours.service, ours.number(quote), order=order)
    await ours.look()
    assert quote.status == "submitted_by_admin"
    ours.commerce.resubmit_quote(quote, {"SIMPLE-006": 3})
    await ours.look()
    assert quote.status == "declined"
    assert (order or "sold already") in quote.comments[-1]["comment"]
    assert await ours.parked("quotes") == []


@in_sales()
async def test_an_erasure_names_the_quotes_that_stay_in_sales(
    ours: Selling, capsys: pytest.CaptureFixture[str]
) -> None:
    quote = await ours.asks()
    systems = await ours.services.systems_pool.open("shop")
    await tell_of_dataverse(ours.services, systems, [("quotes", str(quote.id))])
    assert f"These quotes stay in Dataverse, with what they say: {ours.number(quote)}." in (
        capsys.readouterr().err
    )


@in_sales()
async def test_what_is_approved_is_compared_with_what_is_shown(ours: Selling) -> None:
    quote = await ours.asks()
    await ours.offers(quote, "80", discountamount=Decimal(5))
    await ours.waits(60)
    found, summary = await reconciled(ours, "quotes")
    (sums,) = [one for place, one in summary.sums.items() if place[0] == "quotes"]
    assert (found, sums.commerce, sums.dynamics) == ([], Decimal(155), Decimal(155))
    ours.enters(quote, "81")
    office.activate(ours.service, ours.number(quote))
    (edited,), _ = await reconciled(ours, "quotes")
    assert (edited.commerce, edited.dynamics) == (Decimal(155), Decimal(157))
    assert "Revise it first" in edited.command
