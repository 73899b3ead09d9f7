"""The page of quotes: what each waits for, and its story."""

from sync.core.ports import Row, Upsert
from sync.engine.claim import CLAIMS, State, targets_json
from sync.engine.write import Result
from sync.operating.quotes import MOST, standing
from tests.console.browsing import Browser
from tests.flows.quotes import Negotiating, in_quotes


@in_quotes()
async def test_what_each_quote_waits_for(ours: Negotiating) -> None:
    browser = await Browser.of(ours)
    ours.services = browser.services
    assert "Nobody has asked for a quote yet." in (await browser.sees("/quotes")).text
    quote = await ours.asks()
    await ours.answered(quote, "0")
    page = await browser.sees("/quotes")
    assert ours.of(quote)["SalesQuotationNumber"] in page.text
    assert "no price for SIMPLE-006" in page.text
    await ours.answered(quote, "80")
    assert "answered" in (await browser.sees("/quotes")).text
    story = await browser.sees(
        "/record", connection="shop", flow="quote_answers", key=str(quote.id)
    )
    assert "160.00 USD" in story.text


@in_quotes()
async def test_a_quote_that_waits_for_a_person_is_there_however_many_quotes_there_are(
    ours: Negotiating,
) -> None:
    ledger = ours.services.ledger
    held = targets_json([Result("quotation", "Q-1", "digest", "created")])
    rows = [Row("shop|quotes", str(1000 + one), {"targets": held}) for one in range(MOST)]
    for start in range(0, MOST, 100):
        await ledger.tables.transact(CLAIMS, [Upsert(row) for row in rows[start : start + 100]])
    for flow, key in (("quotes", "9001"), ("quote_answers", "9002")):
        claim, _ = await ledger.take("shop", flow, key, "worker")
        await ledger.release(await ledger.park(claim, "no price", "Ask."), state=State.PARKED)
    found = await standing(ours.services, "shop")
    assert len(found) == MOST
    assert [(one.key, one.said) for one in found if one.needs_person] == [
        ("9002", "no price"), ("9001", "no price"),
    ]  # fmt: skip
