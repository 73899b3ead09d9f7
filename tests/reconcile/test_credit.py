"""Credit, compared as it is now: what somebody changed in the shop is found."""

from decimal import Decimal

from sync.reconcile.difference import Cause
from tests.flows.b2b import B2B, in_b2b
from tests.flows.test_credit import CREDIT, account, buys, publishes, sets, shown
from tests.reconcile.test_goods import found_by


@in_b2b(**CREDIT)
async def test_credit_agrees_until_somebody_changes_a_limit_in_the_shop(b2b: B2B) -> None:
    number = await account(b2b)
    await publishes(b2b)
    order = buys(b2b)
    await b2b.delivers(order)
    assert await found_by(b2b, "credit") == ([], {})
    there = shown(b2b)
    b2b.commerce.company_credits.set_limit(there, Decimal(99_999), may_exceed=False)
    (found,), _ = await found_by(b2b, "credit")
    assert (found.key, found.cause) == ("2", Cause.EDITED_HERE)
    assert found.commerce == there.available
    assert "drift credit --sku 2 --repair" in found.command
    await publishes(b2b)
    sets(b2b, number, CreditLimit=Decimal(1))
    (found,), _ = await found_by(b2b, "credit")
    assert found.cause is Cause.NOT_DUE
    await b2b.maps("US-GONE")
    (found,), _ = await found_by(b2b, "credit")
    assert (found.cause, found.dynamics) == (Cause.PARKED, None)
