"""A company of Commerce and its administrator as writes: found before they are made.

The shop keeps e-mail addresses unique in a website, so a customer is never made, or mailed, twice.
A company is known by its reseller id, which is the account's number where we made it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce.companies import PATH, Companies, lock_of
from sync.commerce.customers import ALL
from sync.commerce.models.customer import Customer
from sync.core.errors import Later, Never
from sync.core.request import Request
from sync.dynamics.documents.account import AccountContact
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Conflict, Found, Target, Write
from sync.mapping.shop_company import differing
from sync.mapping_tables.records import set_command

COMPANY: Final = "company"
ADMINISTRATOR: Final = "administrator"


@dataclass(frozen=True)
class ShopUser:
    """A contact of an account as a customer of a website. `company_id`: the company that they may
    be of already; None where it is to be made. `is_ours`: an earlier try may have made them."""

    account: str
    contact: AccountContact
    website: int
    systems: Systems
    company_id: int | None
    is_ours: bool

    @property
    def label(self) -> str:
        """For messages: numbers, never a name."""
        return f"account {self.account}: contact {self.contact.number}"

    def body(self) -> dict[str, Any]:
        """As the shop takes a new customer. Mails are those of the store view."""
        contact, store = self.contact, self.systems.settings.accounts.store
        return {
            "email": contact.email, "firstname": contact.firstname or contact.lastname,
            "lastname": contact.lastname or contact.firstname, "website_id": self.website,
            "store_id": store,
        }  # fmt: skip

    async def find(self) -> dict[str, Any] | None:
        """The customer with the contact's e-mail address; None where there is none. Raises `Never`
        for one who is of another company, or a shopper who may not join."""
        customers = self.systems.commerce.customers
        found = await customers.with_email(self.contact.email, self.website)
        if found is None:
            return None
        company = Customer.read(found).company_id
        if company is not None and company != self.company_id:
            raise self._elsewhere(found["id"], company)
        may_join = self.is_ours or self.systems.settings.accounts.existing_users == "join"
        if company is None and not may_join:
            raise self._a_shopper(found["id"])
        return found

    def _elsewhere(self, customer: int, company: int) -> Never:
        home = set_command("company", str(company)).replace("ACCOUNT", self.account)
        return Never(
            f"{self.label} is customer {customer} of Commerce, who is of company {company}",
            remedy=(
                f"If company {company} is this account, run: {home}; if not, correct the contact in"
                f' F&O. Then run: replay "{self.account}" --flow accounts'
            ),
        )

    def _a_shopper(self, customer: int) -> Never:
        return Never(
            f"{self.label} has the e-mail address of customer {customer} of Commerce, who is of no"
            " company",
            remedy=(
                "Make sure that they are the same person. Then assign the customer to the company"
                ' in the Admin, or write accounts.existing_users = "join" in connections.toml; then'
                f' run: replay "{self.account}" --flow accounts'
            ),
        )


@dataclass(frozen=True)
class AdministratorWrite(Write):
    """The customer who administers a company that is to be made."""

    kind: ClassVar[str] = ADMINISTRATOR
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    user: ShopUser
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.user.label

    @property
    @override
    def document(self) -> Any:
        return self.user.body()

    @override
    def requests(self) -> Sequence[Request]:
        return [Request("POST", f"/V1/{ALL}", {"customer": self.user.body()})]

    @override
    async def find(self) -> Found | None:
        found = await self.user.find()
        return None if found is None else _found("customer", found["id"])

    @override
    async def create(self, not_after: datetime) -> Found:
        customers = self.user.systems.commerce.customers
        number = await customers.create(self.user.body(), not_after=not_after)
        return _found("customer", number)


@dataclass(frozen=True)
class CompanyWrite(Write):
    """The company of an account. `there`: as it was read a moment ago, if it was. `wanted`: what it
    must hold; `new`: all of one that is to be made, whose administrator is `user`."""

    kind: ClassVar[str] = COMPANY
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    account: str
    wanted: Mapping[str, Any]
    new: Mapping[str, Any]
    there: Mapping[str, Any] | None
    user: ShopUser | None
    systems: Systems
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.account

    @property
    def companies(self) -> Companies:
        """Those of the shop."""
        return self.systems.commerce.companies

    @property
    @override
    def document(self) -> Any:
        return dict(self.wanted)

    @property
    def placed(self) -> Any:
        """Whatever was made or found is read again and compared: a new one may be pending."""
        return {}

    @override
    def requests(self) -> Sequence[Request]:
        if self.there is None:
            return [Request("POST", f"/V1/{PATH}", {"company": dict(self.new)})]
        changes = differing(self.there, self.wanted)
        path = f"/V1/{PATH}{self.there['id']}"
        return [Request("PUT", path, {"company": changes})] if changes else []

    @override
    async def find(self) -> Found | None:
        return None if self.there is None else _found(COMPANY, self.there["id"])

    @override
    async def create(self, not_after: datetime) -> Found:
        made = replace(self.user, is_ours=True) if self.user else None  # found or made just now
        customer = await made.find() if made else None
        if customer is None:
            raise Later(f"account {self.account}: its administrator is not there yet")
        body = {**self.new, "super_user_id": customer["id"]}
        return _found(COMPANY, await self.companies.create(body, not_after=not_after))

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        company = self.there or await self._read(number)
        changes = differing(company, self.wanted)

        async def apply(not_after: datetime) -> None:
            async with self.systems.one_at_a_time(lock_of(number)):
                fresh = await self._read(number)
                await self.companies.save(int(number), {**fresh, **changes}, not_after=not_after)
                await self._must_hold(int(number), changes)

        return Amendment(self.document, apply if changes else None)

    async def _read(self, number: str) -> Mapping[str, Any]:
        company = await self.companies.by_id(int(number))
        if company is None:
            raise gone(self.account, number)
        return company

    async def _must_hold(self, number: int, changes: Mapping[str, Any]) -> None:
        """Compare what the shop keeps with what was sent."""
        kept = await self.companies.by_id(number) or {}
        if lost := differing(kept, changes):
            raise Never(
                f"account {self.account}: company {number} does not keep {', '.join(sorted(lost))}"
                " as it was sent",
                remedy=(
                    "Find out in Commerce what changes these fields (an extension, a lost right),"
                    " or leave them out of accounts.fields; then run:"
                    f' replay "{self.account}" --flow accounts'
                ),
            )


def _found(what: str, number: int) -> Found:
    return Found(str(number), label=f"{what} {number}")


def gone(account: str, company: str) -> Conflict:
    """A company that somebody deleted is not made again by itself."""
    return Conflict(
        f"account {account}: its company {company} is not in Commerce any more",
        remedy=(
            f'To have it made or found again, run: forget accounts "{account}" --why "..."; then'
            f' run: replay "{account}" --flow accounts'
        ),
    )
