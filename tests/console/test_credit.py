"""The pages of credit: how companies stand, one account with its reasons, and what checkouts were
told."""

from tests.console.browsing import Browser
from tests.flows.b2b import B2B, in_b2b
from tests.flows.test_credit import account, publishes
from tests.flows.test_credit_worlds import SETTINGS, basket, lets_through


@in_b2b(**SETTINGS)
async def test_how_a_company_stands_and_what_its_checkouts_were_told(b2b: B2B) -> None:
    browser = await Browser.of(b2b)
    b2b.services = browser.services
    assert "No run has read any credit yet." in (await browser.sees("/credit")).text
    number = await account(b2b, 200)
    await publishes(b2b)
    assert await lets_through(b2b, "000000777", basket(b2b))
    page = await browser.sees("/credit")
    assert number in page.text
    assert "200.00" in page.text
    page = await browser.sees("/credit/account", connection="shop", account=number)
    assert "Left in F&O: 200.00 USD" in page.text
    assert "limit: 200.00 USD (customer)" in page.text
    assert "order 000000777" in page.text
    assert "enough is left" in page.text
    b2b.clerk_holds(number, "All")
    await publishes(b2b)
    assert "the account is on hold (All)" in (await browser.sees("/credit")).text
    assert (await browser.sees("/credit/account", connection="nobody", account="x")).status == 400
