"""What an account of F&O would be in Commerce: the plans of its company and of its users, printed.
Both systems and the home are read, and nothing is written."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, Final

from sync.core.errors import Later, Never, Paused, SignInRefused
from sync.core.skipped import Skipped
from sync.dynamics.documents.account import Account
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.plan import Delivered, Plan
from sync.engine.systems import Systems
from sync.flows.customers import accounts as accounts_flow
from sync.flows.customers import company_parents, company_users
from sync.flows.customers.accounts import ACCOUNTS
from sync.flows.customers.company_users import CompanyUser
from sync.flows.customers.company_writes import COMPANY, CompanyWrite
from sync.preview.previews import Preview

PREVIEW: Final = "preview"
NOT_YET: Final = 0
"""The id of a company that is to be made."""


async def preview_account(
    number: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> list[Preview]:
    """The account's company, then its users, then its parent; empty where F&O has no such account.

    Raises what the clients raise where a system does not answer.
    """
    account = await accounts_flow.read(number, systems)
    if account is None:
        return []
    delivery = await _delivery(ACCOUNTS, account.number, systems, ledger, documents)
    plan = await _plan_of(accounts_flow.plan(account, delivery))
    found = [_shown(account.number, plan)]
    if isinstance(plan, Plan) and systems.settings.accounts.users:
        company = _company(plan, delivery)
        for user in await _users(account, company, systems):
            key = company_users.key_of(user)
            inner = await _delivery("company_users", key, systems, ledger, documents)
            found.append(_shown(key, await _plan_of(company_users.plan(user, inner))))
    if isinstance(plan, Plan) and (company := _company(plan, delivery)):
        found += await _parent(account, company, delivery)
    return found


async def _parent(account: Account, company: int, delivery: Delivery) -> list[Preview]:
    """The company that it would be put below, where there is one."""
    key = f"{account.number} (parent)"
    try:
        child = await company_parents.child_of(account, company, delivery)
    except Never as error:
        return [_shown(key, error)]
    if child is None:
        return []
    name = company_parents.company_parents.name
    inner = await _delivery(
        name, account.number, delivery.systems, delivery.ledger, delivery.documents
    )
    return [_shown(key, await _plan_of(company_parents.plan(child, inner)))]


def _company(plan: Plan, delivery: Delivery) -> int:
    held = delivery.held(COMPANY)
    there = (one.there for one in plan.writes if isinstance(one, CompanyWrite))
    known = next((one for one in there if one is not None), None)
    return int(held.number) if held else int(known["id"]) if known else NOT_YET


async def _users(account: Account, company: int, systems: Systems) -> list[CompanyUser]:
    """Contacts who become users; the administrator of a company that is to be made is shown with
    it."""
    website = await company_users.website_of(systems)
    shown = None if company else account.main_contact
    reachable = (one for one in account.contacts if one.email and one != shown)
    return [CompanyUser(account, contact, company, website) for contact in reachable]


async def _delivery(
    flow: str, key: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> Delivery:
    claim = await ledger.claim(systems.name, flow, key)
    message = Message(flow, systems.name, key, PREVIEW, systems.clock.now())
    return Delivery(systems, ledger, documents, message, replace(claim), _nothing_else)


async def _nothing_else(*_: Any) -> Delivered | Skipped:
    return Skipped("what else is to be delivered is previewed by itself")


async def _plan_of(planned: Awaitable[Plan | Skipped]) -> Plan | Skipped | Never:
    try:
        return await planned
    except Never as error:
        return error
    except Later as error:
        if error.is_outage or isinstance(error, Paused | SignInRefused):
            raise
        return Skipped(f"waiting: {error.reason}")


def _shown(key: str, plan: Plan | Skipped | Never) -> Preview:
    if isinstance(plan, Never):
        return Preview(key, "park", plan.reason, plan.remedy, missing=plan.missing)
    if isinstance(plan, Skipped):
        return Preview(key, "skip", str(plan))
    requests = tuple(plan.requests())
    shown = "" if requests else "Commerce shows it as F&O has it"
    return Preview(key, "deliver" if requests else "skip", shown, requests=requests)
