"""The page of returns: where each stands in every system, those that wait first."""

import pytest

from sandbox.dials import Kind
from tests.console.browsing import Browser
from tests.flows.cases import Serving, in_service


@in_service()
async def test_returns_and_complaints_show_where_they_stand(ours: Serving) -> None:
    browser = await Browser.of(ours)
    ours.services = browser.services
    assert "There is none." in (await browser.sees("/returns")).text
    order = await ours.sold(pieces=2)
    await ours.knows(order)
    rma = await ours.requested(order, 2)
    ours.commerce.comment(order, {"comment": "damaged"}, None)
    await ours.looks()
    page = await browser.sees("/returns")
    case = ours.case_of(rma)
    for said in ("authorized", ours.number(rma), case["ticketnumber"], "In Progress"):
        assert said in page.text
    assert f"id={case['incidentid']}" in page.html
    assert page.text.count(f"Order {order.row['increment_id']}") == 1
    ours.service.set_status(case["incidentid"], 0, 2)
    await ours.looks()
    page = await browser.sees("/returns", only="waiting")
    assert "has decided on a refund" in page.text
    assert f"Order {order.row['increment_id']}" not in page.text
    assert "There is none." in (await browser.sees("/returns", text="nothing like it")).text
    assert f"Return {rma['increment_id']}" in (await browser.sees("/returns", text="hold")).text


@pytest.mark.long
@in_service()
async def test_a_system_that_is_away_leaves_the_others_on_the_page(ours: Serving) -> None:
    browser = await Browser.of(ours)
    ours.services = browser.services
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    await ours.looks()
    assert "has no account with accountnumber" in (await browser.sees("/returns")).text
    ours.systems.service_dials.next(Kind.ERROR_BEFORE, times=9, status=503)
    page = await browser.sees("/returns")
    assert "Dataverse answered 503" in page.text
    assert f"Return {rma['increment_id']}" in page.text


@in_service(flows=("orders", "customers", "order_issues"))
async def test_without_dataverse_complaints_are_listed_all_the_same(ours: Serving) -> None:
    browser = await Browser.of(ours)
    ours.services = browser.services
    order = ours.place()
    await ours.delivers(order)
    ours.commerce.comment(order, {"comment": "broken"}, None)
    await ours.polls("order_issues")
    await ours.works_until_idle()
    page = await browser.sees("/returns")
    assert "its comments ask for a person: damaged" in page.text
