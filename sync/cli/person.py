"""Which records are a person's or a company's: what Commerce says belongs together, and what is
known here under their numbers."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.app.services import Services
from sync.cli.buyers import USER, buyers_for, company_of
from sync.cli.output import note
from sync.commerce.filters import Op, where
from sync.commerce.quotes import SEARCH
from sync.commerce.search import Search
from sync.engine.claim import State
from sync.engine.erasure import Record
from sync.engine.systems import Systems
from sync.flows.customers.accounts import ACCOUNTS
from sync.flows.customers.company_user_writes import KIND
from sync.flows.customers.company_users import company_users
from sync.flows.customers.company_writes import ADMINISTRATOR, COMPANY
from sync.flows.keys import whole_in
from sync.flows.quotes.quote_records import ANSWERS, QUOTES
from sync.flows.returns.order_issues import ISSUES
from sync.flows.returns.return_states import STATES
from sync.flows.returns.rma_records import CASE_STATES, CASES, RETURNS
from sync.operating.forgetting_accounts import keys_of, records_of
from sync.operating.problem import Problem
from sync.operating.records import is_called

DOCUMENTS: Final = ("invoices", "creditmemos")
WRITTEN_BACK: Final = "write_back"
OF_USERS: Final = ((ACCOUNTS, ADMINISTRATOR), (company_users.name, KIND))
"""Records of F&O that customers were made of, and as what they hold the customer's id."""
BY_NAME: Final = (
    "Name them: erase --company {company}, with --customer ID for each of its users (Customers >"
    " All Customers, column Company) and the numbers of its orders (Sales > Orders, column Company"
    " Name)."
)


@dataclass(frozen=True)
class Named:
    """Who is meant: order numbers (or full keys), ids of customers, ids of companies."""

    orders: Sequence[str] = ()
    customers: Sequence[int] = ()
    companies: Sequence[int] = ()


@dataclass(frozen=True)
class Records:
    """Finds them in one connection."""

    services: Services
    systems: Systems

    async def of(self, named: Named) -> list[Record]:
        """All records that may hold something of them, each once."""
        found: dict[Record, None] = {}
        async for flow, key in self._all(named):
            found[flow, key] = None
            written = f"{flow}|{key}"
            claim = await self.services.ledger.claim(self.systems.name, WRITTEN_BACK, written)
            if claim.state is not State.NEW:
                found[WRITTEN_BACK, written] = None
        return list(found)

    async def _all(self, named: Named) -> AsyncIterator[Record]:
        for order in named.orders:
            async for record in self._of_order(order):
                yield record
        for customer in named.customers:
            async for record in self._of_customer(customer):
                yield record
        for company in named.companies:
            async for record in self._of_company(company, named):
                yield record
        for account in keys_of(named.customers, named.companies):
            async for record in records_of(self.services, self.systems.name, account):
                yield record

    async def _of_order(self, named: str) -> AsyncIterator[Record]:
        increment, _, store = named.partition("@")
        async for key in self._keys("orders", increment):
            if not store or key == named:
                yield "orders", key
        rows = await self._found("orders", "increment_id", increment)
        fitting = (row for row in rows if store in ("", str(row.get("store_id"))))
        async for record in self._of_orders(fitting):
            yield record

    async def _of_customer(self, customer: int) -> AsyncIterator[Record]:
        async for key in self._keys("customers", str(customer)):
            yield "customers", key
        async for key in self._keys("contacts", str(customer)):
            yield "contacts", key
        for flow, kind in OF_USERS:
            async for claim in self.services.ledger.claims(self.systems.name, flow):
                made = claim.delivered.get(kind)
                if made is not None and made.number == str(customer):
                    yield flow, claim.key
        company = await self._administered_by(customer)
        if company is not None:
            yield "companies", str(company)
        async for record in self._quotes(customer):
            yield record
        rows = await self._found("orders", "customer_id", customer)
        async for record in self._of_orders(rows):
            yield record

    async def _quotes(self, customer: int) -> AsyncIterator[Record]:
        """Quotes that a customer asked for, both ways; quotes are carts."""
        if QUOTES not in self.systems.settings.flows:
            return
        for row in await self._found(SEARCH, "customer_id", customer):
            for flow in (QUOTES, ANSWERS):
                key = str(row.get("id"))
                claim = await self.services.ledger.claim(self.systems.name, flow, key)
                if claim.state is not State.NEW:
                    yield flow, key

    async def _administered_by(self, customer: int) -> int | None:
        """The company whose administrator a customer is, where companies flow."""
        if "companies" not in self.systems.settings.flows:
            return None
        document = await self.systems.commerce.customers.by_id(customer) or {}
        number = company_of(document, USER)
        company = await self.systems.commerce.companies.by_id(number) if number else None
        return number if _administrator(company) == customer else None

    async def _of_company(self, company: int, named: Named) -> AsyncIterator[Record]:
        """The company, and everything of who buys for it, bought for it, or is a contact of its
        account."""
        systems, ledger, number = self.systems, self.services.ledger, str(company)
        claim = await ledger.claim(systems.name, "companies", number)
        document = (
            await systems.commerce.companies.by_id(company)
            if "companies" in systems.settings.flows
            else None
        )
        if claim.state is not State.NEW or document is not None:
            yield "companies", number
        async for record in self._sent_as(number):
            yield record
        administrator = _administrator(document)
        contacts = await self._contacts(number, claim.number)
        buyers = await self._buyers_for(company, administrator, named)
        for customer in sorted(filter(None, {*contacts, *buyers, administrator})):
            async for record in self._of_customer(customer):
                yield record

    async def _sent_as(self, company: str) -> AsyncIterator[Record]:
        """The account of F&O that a company was made of, and its users."""
        ledger, name = self.services.ledger, self.systems.name
        async for claim in ledger.claims(name, ACCOUNTS):
            held = claim.delivered.get(COMPANY)
            if held is not None and held.number == company:
                yield ACCOUNTS, claim.key
                async for user in ledger.claims(name, company_users.name):
                    if user.key.partition("@")[2] == claim.key:
                        yield company_users.name, user.key

    async def _contacts(self, company: str, delivered_as: str) -> set[int]:
        """The customers who are contacts of a company's accounts."""
        systems, accounts, found = self.systems, {delivered_as} - {""}, set[int]()
        for entity in systems.settings.legal_entities:
            known = await systems.accounts.get("company", company, entity)
            accounts |= {known.account} if known else set()
        async for contact in self.services.ledger.claims(systems.name, "contacts"):
            buyer, _, account = contact.key.partition("@")
            if {account, account.rpartition("@")[0]} & accounts:
                found.add(int(buyer))
        return found

    async def _buyers_for(self, company: int, administrator: int | None, named: Named) -> set[int]:
        """Customers who are the company's users, or have ordered for it.

        Raises `Problem` where Commerce does not tell, and nobody is named beside the company.
        """
        found = await buyers_for(company, administrator, self.systems)
        if found.untold:
            lists = " and ".join(found.untold)
            what = f"Commerce's list of {lists} does not tell who buys for company {company}"
            if not named.customers:
                raise Problem(
                    f"{what}: they were not searched, and nothing was erased",
                    remedy=BY_NAME.format(company=company),
                )
            note(f"{what}: of those, only who is named here is covered.")
        return set(found.customers)

    async def _keys(self, flow: str, key: str) -> AsyncIterator[str]:
        """The keys known here that are this one, or begin with it and an @."""
        async for claim in self.services.ledger.claims(self.systems.name, flow, prefix=key):
            if is_called(claim.key, key):
                yield claim.key

    async def _of_orders(self, rows: Iterable[Mapping[str, Any]]) -> AsyncIterator[Record]:
        for row in rows:
            yield "orders", f"{row['increment_id']}@{row['store_id']}"
            email = row.get("customer_email") or (row.get("billing_address") or {}).get("email")
            if not row.get("customer_id") and email:
                guest = f"guest:{self.systems.digest_of(str(email).lower())}"
                async for key in self._keys("customers", guest):
                    yield "customers", key
            for path in DOCUMENTS:
                for document in await self._found(path, "order_id", int(row["entity_id"])):
                    yield path, f"{document['increment_id']}@{document['store_id']}"
            async for record in self._of_service(row):
                yield record

    async def _of_service(self, row: Mapping[str, Any]) -> AsyncIterator[Record]:
        """Returns, complaints and cases of an order, as far as they are known here."""
        key, flows = f"{row['increment_id']}@{row['store_id']}", {*self.systems.settings.flows}
        found = [(ISSUES, key), (CASES, f"order|{key}"), (CASE_STATES, f"order|{key}")]
        for rma in await self._rmas(row) if flows & {RETURNS, CASES} else ():
            of_rma = f"{rma['increment_id']}@{rma['store_id']}"
            found += [(RETURNS, of_rma), (STATES, of_rma)]
            found += [(CASES, f"return|{of_rma}"), (CASE_STATES, f"return|{of_rma}")]
        for flow, one in found:
            claim = await self.services.ledger.claim(self.systems.name, flow, one)
            if claim.state is not State.NEW:
                yield flow, one

    async def _rmas(self, row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        return await self.systems.commerce.returns.of_order(int(row["entity_id"]))

    async def _found(self, path: str, field: str, value: str | int) -> list[dict[str, Any]]:
        search = Search().having(where(field, Op.EQ, value))
        pages = self.systems.commerce.pages(path, search)
        return [row async for page in pages for row in page.items]


def _administrator(company: Mapping[str, Any] | None) -> int | None:
    """The customer who administers a company; read from as little as it takes, so that no broken
    document keeps anybody's from being erased."""
    return whole_in(company.get("super_user_id")) if company is not None else None
