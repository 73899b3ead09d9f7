"""What an account of F&O would be in Commerce: the plans of its company and of its users, printed.
Both systems and the home are read, and nothing is written."""

from typing import Final

from sync.core.errors import Never
from sync.core.skipped import Skipped
from sync.dynamics.documents.account import Account
from sync.engine.delivery import Delivery
from sync.engine.plan import Plan
from sync.engine.systems import Systems
from sync.flows.customers import accounts as accounts_flow
from sync.flows.customers import company_parents, company_users
from sync.flows.customers.company_users import CompanyUser
from sync.flows.customers.company_writes import COMPANY, CompanyWrite
from sync.preview.as_it_stands import AsItStands, shown, unless_kept
from sync.preview.previewed import Preview

NOT_YET: Final = 0
"""The id of a company that is to be made."""
AGREED: Final = "Commerce shows it as F&O has it"


async def preview_account(number: str, now: AsItStands) -> list[Preview]:
    """The account's company, then its users, then its parent; empty where F&O has no such account.

    Raises what the clients raise where a system does not answer.
    """
    account = await accounts_flow.read(number, now.systems)
    if account is None:
        return []
    plan = await now.planned(accounts_flow.accounts, account.number, account)
    found = [shown(account.number, plan, AGREED)]
    if not isinstance(plan, Plan):
        return found
    delivery = await now.delivery(accounts_flow.ACCOUNTS, account.number)
    company = _company(plan, delivery)
    for user in await _users(account, company, now.systems):
        key = company_users.key_of(user)
        planned = await now.planned(company_users.company_users, key, user)
        found.append(shown(key, planned, AGREED))
    return found + (await _parent(account, company, delivery, now) if company else [])


async def _parent(
    account: Account, company: int, delivery: Delivery, now: AsItStands
) -> list[Preview]:
    """The company that it would be put below, where there is one."""
    flow, key = company_parents.company_parents, f"{account.number} (parent)"
    child = await unless_kept(company_parents.child_of(account, company, delivery))
    if child is None:
        return []
    if not isinstance(child, Never | Skipped):
        return [shown(key, await now.planned(flow, account.number, child), AGREED)]
    return [shown(key, child)]


def _company(plan: Plan, delivery: Delivery) -> int:
    held = delivery.held(COMPANY)
    there = (one.there for one in plan.writes if isinstance(one, CompanyWrite))
    known = next((one for one in there if one is not None), None)
    return int(held.number) if held else int(known["id"]) if known else NOT_YET


async def _users(account: Account, company: int, systems: Systems) -> list[CompanyUser]:
    """Contacts who become users; the administrator of a company that is to be made is shown with
    it."""
    if not systems.settings.accounts.users:
        return []
    website = await company_users.website_of(systems)
    shown = None if company else account.main_contact
    reachable = (one for one in account.contacts if one.email and one != shown)
    return [CompanyUser(account, contact, company, website) for contact in reachable]
