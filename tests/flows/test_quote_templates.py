"""Quote templates: each shows the sales agreement that names it, its own and no other's, once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.commerce.quote_templates import make_template
from sandbox.dials import Kind
from sync.engine.claim import Claim, State
from sync.preview.quotes import preview_template
from sync.reconcile.difference import Cause, Difference
from tests.flows.quotes import Negotiating, in_quotes
from tests.reconcile.planted import mended, reconciled
from tests.systems import COMPANY

FLOWS = ("orders", "customers", "companies", "quotes", "quote_templates")
URL = "https://contoso.example/SA-1.pdf"


async def agreed(ours: Negotiating, **columns: Any) -> str:
    """A template, and an agreement that names it; the template's key."""
    quote = await ours.asks()
    template = make_template(ours.commerce, quote, "2026-12-31")
    ours.dynamics.put("SalesAgreements", **{
        "dataAreaId": COMPANY, "SalesAgreementId": "SA-1", "AgreementStatus": "Effective",
        "ExternalDocumentReference": f"T{template['template_id']}", "InternetAddress": URL,
        "AgreementCustomerAccountNumber": ours.of(quote)["RequestingCustomerAccountNumber"],
        "DefaultExpirationDate": datetime(2026, 12, 31, 12, tzinfo=UTC), **columns,
    })  # fmt: skip
    return str(template["template_id"])


async def looked(ours: Negotiating, key: str) -> Claim:
    """The poll has looked."""
    await ours.waits(900)
    await ours.polls("quote_templates")
    await ours.works_until_idle()
    return await ours.claim(key, "quote_templates")


def shown(ours: Negotiating) -> list[tuple[str, str, str]]:
    names = ("document_identifier", "document_name", "reference_document_url")
    return [tuple(one[name] for name in names) for one in ours.commerce.template_links.values()]


@in_quotes(flows=FLOWS)
async def test_a_template_shows_its_agreement_once_and_what_becomes_of_it(
    ours: Negotiating,
) -> None:
    key = await agreed(ours)
    for _ in range(2):
        claim = await looked(ours, key)
    assert claim.state is State.DELIVERED
    assert shown(ours) == [("SA-1", "Sales agreement SA-1 until 2026-12-31", URL)]
    (row,) = ours.rows("SalesAgreements")
    ours.dynamics.store.update("SalesAgreements", row, {
        "DocumentTitle": "Frame", "DefaultExpirationDate": datetime(2027, 6, 30, 12, tzinfo=UTC),
    })  # fmt: skip
    claim = await looked(ours, key)
    assert shown(ours) == [("SA-1", "Frame SA-1 until 2027-06-30", URL)]
    assert claim.differs == "2026-12-31 in Commerce, 2027-06-30 in D365"
    (row,) = ours.rows("SalesAgreements")
    ours.dynamics.store.update("SalesAgreements", row, {"AgreementStatus": "Closed"})
    await looked(ours, key)
    assert shown(ours) == [("SA-1", "Frame SA-1, not in force", URL)]


@pytest.mark.parametrize(
    ("columns", "state", "said"),
    [
        ({"AgreementStatus": "OnHold"}, State.SKIPPED, "not effective"),
        ({"AgreementCustomerAccountNumber": "US-001"}, State.PARKED, "of US-001"),
        ({"InternetAddress": ""}, State.PARKED, "no web address"),
    ],
)
@in_quotes(flows=FLOWS)
async def test_what_a_buyer_may_not_see_is_not_shown(
    ours: Negotiating, columns: dict[str, str], state: State, said: str
) -> None:
    claim = await looked(ours, key := await agreed(ours, **columns))
    assert (claim.state, shown(ours)) == (state, [])
    assert said in claim.reason
    (found,) = await preview_template(key, await ours.as_it_stands())
    assert not found.requests


@in_quotes(flows=FLOWS, quotes={"agreement_url": "https://d.example/{agreement}"})
async def test_a_link_whose_answer_is_lost_is_shown_once(ours: Negotiating) -> None:
    key = await agreed(ours)
    ours.shop_dials.next(Kind.LOST, where=lambda one: one.writes and "Document" in one.path)
    claim = await looked(ours, key)
    assert claim.state is State.DELIVERED
    assert [one[2] for one in shown(ours)] == ["https://d.example/SA-1"]


@in_quotes(flows=FLOWS)
async def test_a_link_that_is_gone_doubled_or_changed_is_told_by_a_reconciliation(
    ours: Negotiating,
) -> None:
    key = await agreed(ours)
    links = ours.commerce.template_links
    await causes(ours, Cause.NOT_DUE)
    await looked(ours, key)
    await causes(ours)
    (number, link), *_ = links.items()
    links[number] = {**link, "reference_document_url": "https://other.example"}
    edited = await causes(ours, Cause.EDITED_HERE)
    links[number + 1] = {**link, "link_id": number + 1}
    await causes(ours, Cause.DOUBLED)
    del links[number + 1]
    await mended(ours, edited[0])
    await causes(ours)
    links.clear()
    gone = await causes(ours, Cause.MISSING)
    await mended(ours, gone[0])
    await causes(ours)


async def causes(ours: Negotiating, *wanted: Cause) -> list[Difference]:
    found, _ = await reconciled(ours, "quote_templates")
    assert [one.cause for one in found] == [*wanted]
    return found
