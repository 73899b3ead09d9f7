"""Holds on the accounts of companies that are blocked or rejected in Commerce.

Only a hold of ours is lifted, back to what was there before; what the ledger changed meanwhile
stays as it is.
"""

from sync.commerce.models.company import Company
from sync.core.errors import Never
from sync.dynamics.customers import Customers
from sync.engine.delivery import Delivery
from sync.flows.customers.customer_accounts import NO_HOLD_CHANGE, HoldChange
from sync.mapping.company_account import Hold, hold_in, wanted_hold
from sync.mapping.customer_account import CustomerAccount
from sync.mapping_tables.records import set_command


async def hold_change_for(
    company: Company,
    account: str,
    wanted: CustomerAccount,
    customers: Customers,
    delivery: Delivery,
) -> HoldChange:
    """What is to be written for the hold, and what to remember of it."""
    if not account:
        return NO_HOLD_CHANGE
    await _require_released(company, account, wanted.company, customers, delivery)
    status = wanted_hold(company, delivery.systems.settings)
    remembered = hold_in(delivery.claim.digest) if delivery.claim.number in ("", account) else None
    announced = hold_in(delivery.inherited.document) if delivery.inherited else None
    if announced is None and bool(status) == (remembered is not None):
        return HoldChange(settled=remembered.mark) if remembered else NO_HOLD_CHANGE
    holds = await _holds_there(company, account, wanted.company, customers)
    known = (hold for hold in (announced, remembered) if hold is not None)
    return _change(status, holds, next((hold for hold in known if hold.ours == holds), None))


async def _require_released(
    company: Company, account: str, entity: str, customers: Customers, delivery: Delivery
) -> None:
    """Raise `Never` while the account that the company had before is on hold by us."""
    former, ours = delivery.claim.number, hold_in(delivery.claim.digest)
    if ours is None or former in ("", account):
        return
    there = await customers.by_account(entity, former)
    if there is not None and str(there.get("OnHoldStatus") or "No") == ours.ours:
        raise Never(
            f"{company.label} is mapped to {account}, and its account before, {former}, is on hold"
            f' ("{ours.ours}") since the company was barred',
            remedy=f'Set the hold of {former} in D365 to what it shall be ("{ours.before}" before'
            " that), then replay. If it is to stay: forget companies"
            f' {company.id} --why "...", then replay.',
        )


def _change(status: str, holds: str, ours: Hold | None) -> HoldChange:
    """From what the account `holds` to the wanted `status`. `ours`: the hold there, if we set
    it."""
    if status and ours is None and holds not in ("All", status):
        new = Hold(status, holds)
        return HoldChange({"OnHoldStatus": new.ours}, announced=new.mark, settled=new.mark)
    if ours is None:
        return NO_HOLD_CHANGE
    if not status:
        return HoldChange({"OnHoldStatus": ours.before}, announced=ours.mark)
    return HoldChange(announced=ours.mark, settled=ours.mark)


async def _holds_there(company: Company, account: str, entity: str, customers: Customers) -> str:
    """What the account is on hold for in D365; "No" for nothing."""
    there = await customers.by_account(entity, account)
    if there is None:
        command = set_command("company", str(company.id))
        raise Never(
            f"{company.label}: its account {account} is not in company {entity}",
            remedy=f"Map it to an account that is there: {command}, then replay.",
        )
    return str(there.get("OnHoldStatus") or "No")
