"""Quotes against quotations: what is missing, doubled, or shown otherwise than approved."""

from decimal import Decimal

from sandbox.dynamics.quotations import HEADER
from sync.reconcile.difference import Cause
from tests.flows.quotes import Negotiating, in_quotes
from tests.reconcile.planted import reconciled


@in_quotes()
async def test_planted_differences_of_quotes_are_found(ours: Negotiating) -> None:
    quotes = [await ours.asks(), await ours.asks(SIMPLE_001=1), await ours.asks(SIMPLE_003=1)]
    await ours.answered(quotes[0], "80")
    await ours.waits(60)
    found, summary = await reconciled(ours, "quotes")
    assert found == []
    (sums,) = [one for place, one in summary.sums.items() if place[0] == "quotes"]
    assert (sums.commerce, sums.dynamics) == (Decimal(160), Decimal(160))
    store, doubled = ours.dynamics.store, ours.of(quotes[1])
    store.insert(HEADER, {**doubled.values, "SalesQuotationNumber": "BY-HAND"})
    store.update(HEADER, ours.of(quotes[2]), {"CustomersReference": "somebody"})
    ours.prices(quotes[0], "81")
    store.update(HEADER, ours.of(quotes[0]), {"SalesQuotationStatus": "Sent"})
    found, _ = await reconciled(ours, "quotes")
    causes = {one.key: one.cause for one in found}
    assert causes == {
        str(quotes[0].id): Cause.EDITED, str(quotes[1].id): Cause.DOUBLED,
        str(quotes[2].id): Cause.MISSING,
    }  # fmt: skip
    edited = next(one for one in found if one.cause is Cause.EDITED)
    assert (edited.commerce, edited.dynamics) == (Decimal(160), Decimal(162))
