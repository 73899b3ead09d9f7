"""A user of a company in Commerce as a write: registered, made a member, and given addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce.address import path_of
from sync.commerce.customers import ALL
from sync.commerce.models.customer import Customer
from sync.core.errors import Never
from sync.core.request import Request
from sync.dynamics.documents.account import Account
from sync.engine.delivery import Delivery
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Conflict, Found, Target, Write
from sync.flows.customers.company_writes import ShopUser
from sync.mapping.address_books import GONE, Link, Merged
from sync.mapping.shop_addresses import new_address, shop_fields, with_addresses

KIND: Final = "company_user"
ROLE: Final = "role"
"""The key under which a claim remembers the role that was given."""
ACTIVE: Final = 1


@dataclass(frozen=True)
class CompanyUserWrite(Write):
    """One user. `there`: the customer as read a moment ago, if there is one. `links`: what the
    claim remembers of addresses; ids of new ones are filled in once they are known. `gets_role`:
    whether they join, and so get the role that the settings name."""

    kind: ClassVar[str] = KIND
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    user: ShopUser
    account: Account
    there: Mapping[str, Any] | None
    merged: Merged
    links: dict[str, str] = field(compare=False)
    gets_role: bool
    systems: Systems
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.user.label

    @property
    @override
    def document(self) -> Any:
        """What both sides held last of addresses, and when that was written."""
        held = {where: f"{one.base}|{one.at}" for where, one in self.merged.links.items()}
        return {"company": self.user.company_id, "attributes": self._attributes, "held": held}

    @property
    def placed(self) -> Any:
        """Membership and addresses follow the registration."""
        return {}

    @property
    def _attributes(self) -> dict[str, str]:
        settings, fields = self.systems.settings.accounts, self.account.fields
        named = (
            (settings.number_attribute, self.account.number),
            (settings.terms_attribute, fields.get("PaymentTerms", "")),
        )
        return {code: value for code, value in named if code}

    def is_outdated(self, delivery: Delivery) -> bool:
        """Whether a user that was delivered as wanted holds something else by now."""
        is_known = delivery.is_known(KIND, self.digest)
        return is_known and bool(self._changes(self.there or {}, {}))

    @override
    def requests(self) -> Sequence[Request]:
        if self.there is None:
            return [Request("POST", f"/V1/{ALL}", {"customer": self.user.body()})]
        changes = self._changes(self.there, {})
        path = f"/V1/{path_of(ALL, self.there['id'])}"
        return [Request("PUT", path, {"customer": changes})] if changes else []

    @override
    async def find(self) -> Found | None:
        return None if self.there is None else _found(self.there["id"])

    @override
    async def create(self, not_after: datetime) -> Found:
        customers = self.systems.commerce.customers
        return _found(await customers.create(self.user.body(), not_after=not_after))

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        customers = self.systems.commerce.customers
        customer = await customers.by_id(int(number))
        if customer is None:
            raise gone_user(self.account.number, self.user.contact.number, number)
        changes = self._changes(customer, await self._addresses(customer))
        role = await self._role()

        async def apply(not_after: datetime) -> None:
            if changes:
                await customers.save(int(number), {**customer, **changes}, not_after=not_after)
                await self._learn_ids(int(number), customer)
            if role is not None:
                companies = self.systems.commerce.companies
                await companies.assign_role(int(number), role, not_after=not_after)
                self.links[ROLE] = str(role["id"])

        return Amendment(self.document, apply if changes or role else None, keys=self.links)

    async def _role(self) -> Mapping[str, Any] | None:
        """The role to be given, looked up before the user joins. Raises `Never` for one that the
        company does not have."""
        name, company = self.systems.settings.accounts.role, self.user.company_id
        if not (self.gets_role and name and company):
            return None
        found = await self.systems.commerce.companies.role_named(company, name)
        if found is None:
            raise Never(
                f"{self.user.label}: company {company} has no role {name}",
                remedy=(
                    "Create it in the shop (Company Account > Roles and Permissions), or correct"
                    f' accounts.role; then run: replay "{self.account.number}" --flow accounts'
                ),
            )
        return found

    def _changes(self, customer: Mapping[str, Any], addresses: Mapping[str, Any]) -> dict[str, Any]:
        """What of a customer is to be saved."""
        company = Customer.read(customer).company_id if customer else None
        known = {
            one["attribute_code"]: one.get("value")
            for one in customer.get("custom_attributes") or []
        }
        attributes = [
            {"attribute_code": code, "value": value}
            for code, value in self._attributes.items()
            if str(known.get(code) or "") != value
        ]
        extension = customer.get("extension_attributes") or {}
        member = {"company_attributes": self._membership(int(customer.get("id") or 0))}
        return {
            **({"extension_attributes": {**extension, **member}} if company is None else {}),
            **({"custom_attributes": attributes} if attributes else {}), **addresses,
        }  # fmt: skip

    def _membership(self, customer: int) -> dict[str, Any]:
        """What Commerce requires of a member."""
        contact, settings = self.user.contact, self.systems.settings.accounts
        telephone = contact.telephone or self.account.fields.get("PrimaryContactPhone", "")
        return {
            "customer_id": customer, "company_id": self.user.company_id, "status": ACTIVE,
            "job_title": contact.job_title or settings.job_title, "telephone": telephone,
        }  # fmt: skip

    async def _addresses(self, customer: Mapping[str, Any]) -> dict[str, Any]:
        """The whole list of addresses, where any of it is to be changed."""
        merged = self.merged
        changed: dict[int, Any] = {}
        new: list[Any] = []
        for location, content in merged.to_shop.items():
            regions = await self.systems.commerce.companies.regions(content.country)
            number = merged.links[location].address_id
            if number == GONE:
                new.append(new_address(content, regions, self.account, self.user.contact))
            else:
                changed[number] = shop_fields(content, regions)
        if not (changed or new or merged.remove):
            return {}
        listed = with_addresses(customer.get("addresses") or [], changed, merged.remove, new)
        return {"addresses": listed}

    async def _learn_ids(self, number: int, before: Mapping[str, Any]) -> None:
        """The ids of new addresses, in the order in which they were sent."""
        pending = [
            place for place in self.merged.to_shop
            if self.merged.links[place].address_id == GONE
        ]  # fmt: skip
        if not pending:
            return
        after = await self.systems.commerce.customers.by_id(number) or {}
        known = {one["id"] for one in before.get("addresses") or []}
        added = sorted({one["id"] for one in after.get("addresses") or []} - known)
        for place, address_id in zip(pending, added, strict=False):
            link = self.merged.links[place]
            made = Link(address_id, link.base, link.last, link.bounces, link.at)
            self.links[f"address {place}"] = made.as_text()


def _found(number: int) -> Found:
    return Found(str(number), label=f"customer {number}")


def gone_user(account: str, contact: str, customer: str) -> Conflict:
    """A user that somebody deleted is not made, or mailed, again by itself."""
    return Conflict(
        f"account {account}: contact {contact} was customer {customer}, who is not in Commerce any"
        " more",
        remedy=(
            f'To have them registered again, run: forget company_users "{contact}@{account}" --why'
            f' "..."; then run: replay "{account}" --flow accounts. To leave them out, make the'
            " contact inactive in F&O."
        ),
    )
