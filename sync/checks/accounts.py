"""Whether accounts of F&O can be companies in Commerce: what may be read, ids that are there, and
accounts that lack what Commerce requires."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from typing import Final

from sync.checks.finding import Finding, Level, Probe, fault, ok, reading, warn
from sync.checks.shown_prices import PRICE_GROUPS
from sync.commerce.address import path_of
from sync.commerce.errors import NotAllowed, NotThere
from sync.commerce.search import LARGEST_PAGE, Search
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.dynamics.accounts import ADDRESS_FIELDS, CONTACT_FIELDS, CONTACTS, FIELDS
from sync.dynamics.documents.account import Account
from sync.dynamics.documents.requests import ADDRESSES, CUSTOMERS
from sync.flows.customers.accounts import ACCOUNTS, among, is_chosen
from sync.mapping.shop_company import new_company

GROUPS: Final = "customerGroups/search"
MAILS: Final = (
    "Commerce mails a welcome to every new user, in the words of the store view accounts.store"
)


def account_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that accounts read."""
    if ACCOUNTS not in settings.flows:
        return {}
    flag = (settings.accounts.flag,) if settings.accounts.flag else ()
    read = {CUSTOMERS: (*FIELDS, *flag), ADDRESSES: ADDRESS_FIELDS, CONTACTS: CONTACT_FIELDS}
    return {name: ("dataAreaId", *fields) for name, fields in read.items()}


async def accounts_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read accounts, their addresses and their contacts."""
    for name, fields in account_fields(probe.settings).items():
        yield await reading(probe, name, fields)


async def places_of_companies_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """The store view of new users, the customer groups and the attributes that accounts name."""
    if ACCOUNTS not in probe.settings.flows:
        return
    accounts = probe.settings.accounts
    views = {int(view["id"]) for view in await probe.commerce.store_views()}
    yield _is_there(f"store view {accounts.store}", accounts.store in views, "store")
    page = await probe.commerce.search(GROUPS, Search(page_size=LARGEST_PAGE))
    groups = {int(row["id"]) for row in page.items}
    for number in sorted({*accounts.price_groups.values()}):
        yield _is_there(f"customer group {number}", number in groups, "price_groups")
    for code in filter(None, (accounts.number_attribute, accounts.terms_attribute)):
        path = path_of("attributeMetadata", "customer", "attribute", code)
        try:
            await probe.commerce.get(path)
        except NotThere:
            yield _is_there(f"customer attribute {code}", False, "number_attribute")
        else:
            yield _is_there(f"customer attribute {code}", True, "number_attribute")


def _is_there(what: str, found: bool, setting: str) -> Finding:
    if found:
        return ok(f"{what} is there")
    cure = f"Correct {setting} in [connections.<name>.accounts], or add it in Commerce."
    return fault(f"the shop has no {what}", cure)


async def companies_have_parents(probe: Probe) -> AsyncIterator[Finding]:
    """The shop knows relations of companies, where they are wanted."""
    settings = probe.settings
    if ACCOUNTS not in settings.flows or settings.accounts.parents == "leave":
        return
    try:
        await probe.commerce.companies.parent_of(1)
    except NotAllowed:
        raise
    except Never as error:
        yield fault(error.reason, error.remedy)
    else:
        yield ok("the shop lists relations of companies")


async def price_groups_of_accounts_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every price group that accounts map is in F&O."""
    named = [name for name in probe.settings.accounts.price_groups if name != "*"]
    if ACCOUNTS not in probe.settings.flows or not named:
        return
    entity_set, key = PRICE_GROUPS
    company = probe.settings.legal_entity
    rows = await probe.dynamics.find_by(entity_set, key, *named, company=company, select=(key,))
    known = {str(row[key]).casefold() for row in rows}
    for name in named:
        if name.casefold() in known:
            yield ok(f"price group {name} is there")
        else:
            cure = "Correct price_groups in [connections.<name>.accounts]."
            yield fault(f"{company} has no price group {name}", cure)


async def accounts_would_be_delivered(probe: Probe) -> AsyncIterator[Finding]:
    """How many accounts go out, and what those lack that would be parked."""
    settings = probe.settings
    if ACCOUNTS not in settings.flows or settings.legal_entity in probe.known.absent:
        return
    listed = probe.dynamics.accounts.chosen(
        settings.legal_entity, partial(is_chosen, settings=settings),
        among=among(settings), flag=settings.accounts.flag,
    )  # fmt: skip
    accounts = [account async for account in listed]
    if not accounts:
        cure = "Correct groups, flag or only in [connections.<name>.accounts]."
        yield warn("no account of F&O is chosen to be a company in Commerce", cure)
        return
    yield ok(f"{len(accounts)} accounts are companies in Commerce")
    if settings.accounts.create:
        yield ok(MAILS)
        for finding in _lacking(accounts, settings):
            yield finding


def _lacking(accounts: list[Account], settings: Connection) -> Iterator[Finding]:
    """What would park accounts that are to be made, one finding per cause."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for account in accounts:
        try:
            new_company(account, settings, ())
        except Never as error:
            cause = error.reason.replace(account.number, "...")
            remedy = error.remedy.replace(account.number, "...")
            found[cause, remedy].append(account.number)
        if account.main_contact is None or not account.main_contact.email:
            cause = "an account names no contact with an e-mail address"
            found[cause, "Choose the primary contact of the customer in F&O."].append(
                account.number
            )
    for (cause, remedy), numbers in found.items():
        yield Finding(Level.FAULT, cause, remedy, len(numbers), numbers[0])
