"""The page of quotes: what each waits for, and its story."""

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
