"""Accounts and companies, compared: each planted difference is found and nothing else, with its
cause, and is gone once it was mended."""

from tests.flows.outgoing import TAILSPIN, Outgoing, in_outgoing
from tests.reconcile.test_goods import found_by


async def told(o: Outgoing) -> list[tuple[str, str]]:
    found, _ = await found_by(o, "accounts")
    assert all(TAILSPIN in one.command for one in found)
    return [(one.key, str(one.cause)) for one in found]


@in_outgoing(accounts={"users": False})
async def test_what_differs_is_told_with_its_cause_until_it_is_mended(o: Outgoing) -> None:
    assert await told(o) == [(TAILSPIN, "not yet due")]
    await o.polls_accounts()
    assert await told(o) == []
    o.commerce.save_company(o.company["id"], telephone="0", comment="theirs", vat_tax_id="X")
    assert await told(o) == [
        (f"{TAILSPIN}|telephone", "edited in Commerce"),
        (f"{TAILSPIN}|vat_tax_id", "edited in Commerce"),
    ]
    await o.replays(TAILSPIN, "accounts")
    assert await told(o) == []
    o.clerk(OrganizationName="Tailspin Two", DiscountPriceGroupId="")
    assert {cause for _, cause in await told(o)} == {"not yet due"}
    await o.polls_accounts()
    assert await told(o) == []


@in_outgoing(accounts={"users": False})
async def test_a_company_that_is_there_twice_or_gone_is_told(o: Outgoing) -> None:
    await o.polls_accounts()
    number = o.company["id"]
    o.decides(reseller_id=TAILSPIN)
    assert await told(o) == [(TAILSPIN, "doubled")]
    o.decides(reseller_id=None)
    del o.commerce.companies[number]
    assert await told(o) == [(TAILSPIN, "missing")]
    await o.replays(TAILSPIN, "accounts")
    assert await told(o) == [(TAILSPIN, "parked")]


@in_outgoing(accounts={"create": False})
async def test_an_account_that_is_not_to_be_made_lacks_nothing(o: Outgoing) -> None:
    assert await told(o) == []


@in_outgoing(accounts={"users": False, "parents": "invoice_account"})
async def test_a_company_that_was_moved_in_the_shop_is_told(o: Outgoing) -> None:
    o.has_had("TS-HEAD", OrganizationName="Head", CustomerGroupId="30", InvoiceAccount="")
    o.commerce.save_company(4, reseller_id="TS-HEAD")
    o.clerk(InvoiceAccount="TS-HEAD")
    await o.polls_accounts()
    assert await told(o) == []
    o.commerce.parents.clear()
    assert await told(o) == [(f"{TAILSPIN}|parent", "edited in Commerce")]
    await o.replays(TAILSPIN, "accounts")
    assert await told(o) == []
    assert o.commerce.parents == {o.company["id"]: 4}
