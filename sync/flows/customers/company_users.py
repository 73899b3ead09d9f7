"""Contact persons of F&O -> users of a company in Commerce, with its delivery addresses.

In:      a contact with an e-mail address, of an account whose company is there.
Out:     a customer of the company, its name and password their own from then on; the account's
         delivery addresses in their book, and their changes of them in F&O where both sides count.
Key:     "<contact>@<account>".
Parks:   a shopper of no company, or of another one, with the contact's e-mail address.
Repeats: the e-mail address finds a customer that is there, so nobody is mailed twice. The claim
         remembers which address is which, and what both sides held last: so a change goes over
         once, and does not come back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sync.commerce.models.customer import Customer
from sync.core.errors import Never
from sync.core.skipped import Skipped
from sync.dynamics.documents.account import Account, AccountContact
from sync.engine.delivery import Delivery
from sync.engine.flow import SubFlow
from sync.engine.plan import OpenPoint, Plan
from sync.engine.systems import Systems
from sync.flows.customers.company_user_writes import KIND, ROLE, CompanyUserWrite, gone_user
from sync.flows.customers.company_writes import ShopUser
from sync.flows.customers.ledger_addresses import LedgerAddressesWrite
from sync.flows.targets import commerce_of, dynamics_of
from sync.mapping.address_books import AddressBooks, Link, Merged
from sync.mapping.shop_addresses import of_account, of_book

LINK: Final = "address "
"""How the keys begin under which a claim remembers links."""


@dataclass(frozen=True)
class CompanyUser:
    """A user to be. `company`: the id in Commerce; `website`: where new ones are registered."""

    account: Account
    contact: AccountContact
    company: int
    website: int


def key_of(user: CompanyUser) -> str:
    """What its claim is known by."""
    return f"{user.contact.number}@{user.account.number}"


async def plan(user: CompanyUser, delivery: Delivery) -> Plan | Skipped:
    """One user of the company, and the addresses of both sides."""
    delivery.wait_until_settled()
    systems, held = delivery.systems, delivery.held(KIND)
    there = await _there(user, delivery)
    books, merged = await _merged(user, there, delivery)
    if merged.to_ledger or merged.new:
        account = await _as_it_is_now(user.account, systems)
        user = replace(user, account=account)
        books, merged = await _merged(user, there, delivery)
    links = {f"{LINK}{where}": link.as_text() for where, link in merged.links.items()}
    keys = held.keys if held else {}
    gone = {key: "" for key in keys if key not in links and key != ROLE}
    is_unfinished = delivery.inherited is not None and not keys.get(ROLE)
    joins = there is None or Customer.read(there).company_id is None or is_unfinished
    write = CompanyUserWrite(
        _shop_user(user, delivery), user.account, there, merged, {**gone, **links}, joins,
        systems, commerce_of(systems),
    )  # fmt: skip
    ledger = LedgerAddressesWrite(
        user.account.company, user.account.number, merged, systems, dynamics_of(systems)
    )
    told = {f"{LINK}{where}": text for where, text in merged.told.items()}
    return Plan(
        (*((ledger,) if ledger.document else ()), write), digest=write.digest,
        keys={"account": user.account.number, **told}, read=_read(books) if told else None,
        starts_anew=write.is_outdated(delivery),
    )  # fmt: skip


async def _there(user: CompanyUser, delivery: Delivery) -> dict[str, Any] | None:
    """The customer, held or found; None where there is none yet."""
    held = delivery.held(KIND)
    if held is None:
        return await _shop_user(user, delivery).find()
    there = await delivery.systems.commerce.customers.by_id(int(held.number))
    if there is None:
        raise gone_user(user.account.number, user.contact.number, held.number)
    return there


def _shop_user(user: CompanyUser, delivery: Delivery) -> ShopUser:
    return ShopUser(
        user.account.number, user.contact, user.website, delivery.systems, user.company,
        delivery.inherited is not None,
    )  # fmt: skip


async def _as_it_is_now(account: Account, systems: Systems) -> Account:
    """The account, read again before it is written to: another user may just have changed it."""
    again = await systems.dynamics.accounts.get(account.company, account.number)
    return account if again is None else replace(account, addresses=again.addresses)


async def _merged(
    user: CompanyUser, there: Mapping[str, Any] | None, delivery: Delivery
) -> tuple[AddressBooks | None, Merged]:
    systems, held = delivery.systems, delivery.held(KIND)
    settings, mode = systems.settings.customers, systems.settings.accounts.addresses
    if mode == "none":
        return None, Merged()
    keys = held.keys if held else {}
    links = {
        key.removeprefix(LINK): Link.from_text(text)
        for key, text in keys.items()
        if key.startswith(LINK)
    }
    shop = of_book(Customer.read(there), settings) if there else {}
    books = AddressBooks(
        of_account(user.account, settings), shop, links, systems.digest_of, mode == "both",
        delivery.now(),
    )  # fmt: skip
    return books, books.merged()


def _read(books: AddressBooks | None) -> Any:
    """Both sides as they were, where a person may want to know."""
    if books is None:
        return None
    sides = {"F&O": books.ledger, "Commerce": {str(key): one for key, one in books.shop.items()}}
    return {
        side: {where: one.content.__dict__ for where, one in held.items()}
        for side, held in sides.items()
    }


company_users = SubFlow[CompanyUser](
    "company_users", "Users of companies, required by accounts", plan
)


async def website_of(systems: Systems) -> int:
    """The website that new users belong to. Raises `Never` where the shop has no such store
    view."""
    store = systems.settings.accounts.store
    website = await systems.websites.of_store(store)
    if website is None:
        raise Never(
            f"the shop has no store view {store}, which new users are to belong to",
            remedy="Correct accounts.store in connections.toml, then replay.",
        )
    return website


async def delivered_users(account: Account, company: int, delivery: Delivery) -> dict[str, Never]:
    """Have the contacts of an account delivered as users, where they are wanted; by contact, why
    those are not who need a person."""
    left = dict[str, Never]()
    if not delivery.systems.settings.accounts.users:
        return left
    website = await website_of(delivery.systems)
    for contact in account.contacts:
        if contact.email:
            user = CompanyUser(account, contact, company, website)
            try:
                await delivery.require(company_users.name, key_of(user), user)
            except Never as error:
                left[contact.number] = error
    return left


def left_out(left: Mapping[str, Never]) -> OpenPoint | None:
    """What is left for a person where contacts could not become users, or the company not that of
    the account that pays."""
    if not left:
        return None
    reason = "; ".join(error.reason for error in left.values())
    remedy = " ".join(dict.fromkeys(error.remedy for error in left.values()))
    return OpenPoint(reason, remedy, f"left out: {', '.join(sorted(left))}")
