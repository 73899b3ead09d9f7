"""What publications show: found by SKU, compared, and sent again."""

from typing import Final

from tests.console.browsing import Browser
from tests.flows.test_stock import STOCK, shown, stocked
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION

SKU: Final = "SIMPLE-001"
PLACE: Final = f"{CONNECTION}|stock"


@in_harness(**STOCK)
async def test_a_sku_is_found_with_what_was_shown_of_it(harness: Harness) -> None:
    await stocked(harness, SIMPLE_001=7)
    page = await (await Browser.of(harness)).sees("/search", q=SKU)
    assert f"Shown by stock of {CONNECTION}" in page.text
    assert "7" in page.text.partition("Shown by stock")[2]


@in_harness(**STOCK)
async def test_what_somebody_changed_in_the_shop_is_found_and_sent_again(
    harness: Harness,
) -> None:
    await stocked(harness, SIMPLE_001=7)
    browser = await Browser.of(harness)
    await browser.sees("/drift")
    page = await browser.posts("/drift/compare", place=PLACE, skus=SKU)
    assert "Nothing differs." in page.text
    (item,) = [one for one in harness.commerce.stock.of(SKU) if one.source == "default"]
    item.quantity += 5
    page = await browser.posts("/drift/compare", place=PLACE, skus=f"{SKU}\r\n\r\n{SKU}")
    assert "Differences: 1" in page.text
    assert "12 7 confirmed Commerce" in page.text
    page = await browser.posts("/drift/repair", place=PLACE, skus=SKU)
    assert "ann repaired" in page.text
    harness.services = browser.services
    await harness.works_until_idle()
    assert shown(harness, SKU)[0] == 7
    await browser.sees("/drift")
    assert "Nothing differs." in (await browser.posts("/drift/compare", place=PLACE, skus=SKU)).text


@in_harness(**STOCK)
async def test_a_comparison_takes_a_bounded_number_of_skus_of_a_flow_that_is_on(
    harness: Harness,
) -> None:
    browser = await Browser.of(harness)
    for place, skus in (
        (PLACE, ""), (PLACE, "\n".join(map(str, range(51)))), (f"{CONNECTION}|prices", SKU),
        (f"{CONNECTION}|orders", SKU), ("nowhere|stock", SKU),
    ):  # fmt: skip
        await browser.sees("/drift")
        assert (await browser.posts("/drift/compare", place=place, skus=skus)).status == 400
