"""Customer accounts of F&O -> B2B companies in Commerce, with their users.

In:      an organisation's account with its delivery addresses and contact persons. Accounts have no
         time of change, so each poll reads those that are chosen, and compares fingerprints. A
         business event of the customer's own tells of one at once.
Out:     one company; its contacts as users where they are wanted (`company_users`).
Key:     the account number, in the connection's own legal entity.
Matched: by the mapping table, then by the configured rules; what is not clear is parked.
Skips:   accounts that are not chosen, and those without a company where none is made.
Owns:    the fields that `accounts.fields` names. Nothing else of a company is ever changed.
Echo:    the flow `companies` knows a company of ours by its reseller id, and changes no field in
         F&O that F&O owns.
Repeats: administrator and company are looked for before they are made.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.skipped import Skipped
from sync.dynamics.accounts import ORGANISATION, YES
from sync.dynamics.business_events import BusinessEvent
from sync.dynamics.documents.account import Account
from sync.dynamics.odata import Filter
from sync.engine.delivery import Delivery
from sync.engine.flow import BusinessEvents, DocumentFlow, Poll, Source
from sync.engine.plan import OpenPoint, Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.engine.write import Result
from sync.flows.customers.company_parents import delivered_parent
from sync.flows.customers.company_search import company_of
from sync.flows.customers.company_users import delivered_users, left_out, website_of
from sync.flows.customers.company_writes import (
    ADMINISTRATOR,
    COMPANY,
    AdministratorWrite,
    CompanyWrite,
    ShopUser,
    gone,
)
from sync.flows.polls import our_clock
from sync.flows.targets import commerce_of
from sync.mapping.shop_company import country_of, differing, new_company, owned_fields
from sync.mapping_tables.records import AccountMapping
from sync.pacing.priority import Priority

ACCOUNTS: Final = "accounts"
HELD: Final = "held"
MOST_NUMBERS: Final = 20
"""Accounts that one request asks for by number."""


async def changed(
    systems: Systems, _since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """The chosen accounts by number, each with its fingerprint."""
    settings = systems.settings
    listed = systems.dynamics.accounts.chosen(
        settings.legal_entity, partial(is_chosen, settings=settings),
        among=among(settings), flag=settings.accounts.flag, after=after,
    )  # fmt: skip
    async for account in listed:
        yield Change(account.number, until, account.fingerprint, account.number)


def among(settings: Connection) -> Filter | None:
    """What F&O is asked for; None: all accounts, which are looked through here."""
    chosen = settings.accounts
    if chosen.groups and not chosen.only:
        rejected = (chosen.rejected_group,) if chosen.rejected_group else ()
        return Filter.any_of("CustomerGroupId", (*chosen.groups, *rejected))
    is_list = not (chosen.groups or chosen.flag) and len(chosen.only) <= MOST_NUMBERS
    return Filter.any_of("CustomerAccount", chosen.only) if is_list and chosen.only else None


def is_chosen(account: Account, settings: Connection) -> bool:
    """Whether an account goes out: an organisation, of those that the connection names."""
    chosen, fields = settings.accounts, account.fields
    group = fields.get("CustomerGroupId", "")
    if chosen.rejected_group and group.casefold() == chosen.rejected_group.casefold():
        group = next(iter(chosen.groups), group)
    is_flagged = not chosen.flag or fields.get(chosen.flag) == YES
    is_organisation = fields.get("PartyType") == ORGANISATION
    return is_organisation and chosen.is_chosen(account.number, group, is_flagged=is_flagged)


def keys_in_event(event: BusinessEvent) -> Sequence[str]:
    """The account that an event of the customer's own names, as F&O spells it."""
    number = event.named("CustomerAccount", "CustAccount", "AccountNum", "AccountNumber")
    if not number:
        raise NoKey("neither CustomerAccount nor AccountNum in it")
    return [number]


async def read(key: str, systems: Systems) -> Account | None:
    """The account as F&O holds it now; None where there is none (any more)."""
    settings = systems.settings
    return await systems.dynamics.accounts.get(
        settings.legal_entity, key, flag=settings.accounts.flag
    )


async def plan(account: Account, delivery: Delivery) -> Plan | Skipped:
    """The company of this account, and its users after it."""
    if not is_chosen(account, delivery.systems.settings):
        return Skipped("not among the accounts that the connection sends to Commerce")
    delivery.wait_until_settled()
    there, matched_by = await _found(account, delivery)
    if there is None and not delivery.systems.settings.accounts.create:
        return Skipped("no company of Commerce is this account, and none is made here")
    write, fields = await _company(account, there, delivery)
    writes = (
        (write,) if write.user is None else (AdministratorWrite(write.user, write.target), write)
    )
    left, rule = dict[str, Never](), ACCOUNTS if matched_by in ("", HELD) else matched_by

    async def then(results: Sequence[Result]) -> None:
        number = results[-1].number
        await _learned(account, number, rule, delivery.systems)
        left.update(await delivered_users(account, int(number), delivery))
        try:
            await delivered_parent(account, int(number), delivery)
        except Never as error:
            left["the company that pays"] = error

    async def look() -> OpenPoint | None:
        return left_out(left)

    return Plan(
        writes, digest=write.digest, keys={"matched_by": rule}, read=dict(fields),
        then=then, look=look, starts_anew=_has_drifted(write, delivery),
    )  # fmt: skip


async def _found(account: Account, delivery: Delivery) -> tuple[Mapping[str, Any] | None, str]:
    """The company, held or found, as the shop has it now."""
    held = delivery.held(COMPANY)
    if held is None:
        made = delivery.held(ADMINISTRATOR)
        return await company_of(account, delivery.systems, made.number if made else "")
    there = await delivery.systems.commerce.companies.by_id(int(held.number))
    if there is None:
        raise gone(account.number, held.number)
    return there, HELD


async def _company(
    account: Account, there: Mapping[str, Any] | None, delivery: Delivery
) -> tuple[CompanyWrite, Mapping[str, Any]]:
    """The company's write. One that is to be made has its administrator made first."""
    systems, settings = delivery.systems, delivery.systems.settings
    country = country_of(account, settings)
    regions = await systems.commerce.companies.regions(country) if country else []
    status = int((there or {}).get("status") or 0) if there is not None else 1
    wanted = owned_fields(account, settings, regions, status)
    new, user = dict[str, Any](), None
    if there is None:
        new = new_company(account, settings, regions)
        wanted |= {"status": new["status"]}
        user = await _administrator(account, delivery)
    elif delivery.held(COMPANY) is None and _is_made_by_us(there, account, delivery):
        wanted.setdefault("status", status or 1)
    write = CompanyWrite(account.number, wanted, new, there, user, systems, commerce_of(systems))
    return write, account.fields


def _is_made_by_us(there: Mapping[str, Any], account: Account, delivery: Delivery) -> bool:
    """Whether an earlier try left it behind, maybe pending."""
    made = delivery.held(ADMINISTRATOR)
    is_ours = made is not None and str(there.get("super_user_id")) == made.number
    return is_ours and there.get("reseller_id") == account.number


async def _administrator(account: Account, delivery: Delivery) -> ShopUser:
    systems, contact = delivery.systems, account.main_contact
    if contact is None or not contact.email:
        raise Never(
            f"account {account.number} names no contact with an e-mail address, who would"
            " administer its company",
            remedy=(
                "Choose the primary contact of the customer in F&O, with an e-mail address; then"
                f' run: replay "{account.number}" --flow accounts'
            ),
        )
    is_ours = delivery.inherited is not None or delivery.held(ADMINISTRATOR) is not None
    website = await website_of(systems)
    return ShopUser(account.number, contact, website, systems, None, is_ours)


def _has_drifted(write: CompanyWrite, delivery: Delivery) -> bool:
    """Whether a company that was delivered as wanted holds something else by now."""
    is_known = delivery.is_known(COMPANY, write.digest)
    return is_known and bool(differing(write.there or {}, write.wanted))


async def _learned(account: Account, company: str, rule: str, systems: Systems) -> None:
    """Let the other flows know whose account the company has."""
    mapping = AccountMapping("company", company, account.number, rule, account.company)
    known = await systems.accounts.learn(mapping)
    if known.account != account.number:
        raise Never(
            f"account {account.number}: company {company} is mapped to account {known.account}",
            remedy=(
                f"Correct the mapping (map customers set {company} {account.number} --kind company)"
                f' or the claim (forget accounts "{account.number}" --why "..."), then replay.'
            ),
        )


accounts: DocumentFlow[Account] = DocumentFlow(
    name=ACCOUNTS,
    title="Customer accounts to companies",
    source=Source(read, version=lambda account: account.fingerprint, is_joined=True),
    plan=plan,
    triggers=(
        BusinessEvents((), keys_in_event, lambda connection: connection.accounts.events),
        Poll(
            changed, our_clock, lambda connection: connection.accounts.poll_minutes,
            fingerprint=lambda account: account.fingerprint,
        ),
    ),
    priority=Priority.MASTER_DATA,
)  # fmt: skip
