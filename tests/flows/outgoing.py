"""A harness whose F&O keeps accounts that go out to the shop as companies: Tailspin, with two
contacts and one delivery address."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from sandbox.commerce.customers import member_of
from sandbox.commerce.records import Columns
from sandbox.commerce.state import Change
from sandbox.dynamics.schema import NEVER_EXPIRES
from sandbox.dynamics.store import Record
from sync.engine.claim import Claim, State
from sync.preview.accounts import preview_account
from tests.flows.b2b import B2B
from tests.harness import Story, played_in
from tests.process import Process
from tests.systems import COMPANY, merged

TAILSPIN: Final = "TS-001"
PARTY: Final = "P-TS"
MAIN, SECOND = "C-1", "C-2"
YARD: Final = "L-YARD"
SENT: Final[dict[str, Any]] = {
    "flows": ("orders", "customers", "companies", "accounts"),
    "accounts": {
        "groups": ["30"], "create": True, "users": True,
        "fields": ["name", "telephone", "tax_number", "address", "price_group", "status"],
        "price_groups": {"RETAIL": 2, "*": 1},
    },
    "companies": {"hold": "keep"},
}  # fmt: skip
PEOPLE: Final = {MAIN: ("Tom", "Spin"), SECOND: ("Ada", "Turn")}
ACCOUNT: Final = {
    "PartyType": "Organization", "PartyNumber": PARTY, "OrganizationName": "Tailspin Toys Ltd",
    "NameAlias": "Tailspin", "CustomerGroupId": "30", "SalesCurrencyCode": "USD",
    "PrimaryContactEmail": "office@tailspin.example", "PrimaryContactPhone": "555-0170",
    "TaxExemptNumber": "TX-9", "DiscountPriceGroupId": "RETAIL", "PaymentTerms": "Net30",
    "ContactPersonId": MAIN, "OnHoldStatus": "No", "AddressStreet": "1 Mill Rd\nHall 2\nGate B",
    "AddressCity": "New York", "AddressZipCode": "10001", "AddressState": "NY",
    "AddressCountryRegionId": "USA", "AddressCountryRegionISOCode": "US",
}  # fmt: skip


class Outgoing(B2B):
    """The harness, with accounts going out."""

    saves: int
    doomed: Process | None

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(merged(SENT, settings))
        self.saves, self.doomed = 0, None
        self.commerce.on_change(self._hears)
        store = self.dynamics.store
        store.insert("CustomerGroups", {"dataAreaId": COMPANY, "CustomerGroupId": "30"})
        store.insert("CustTable", {"dataAreaId": COMPANY, "CustomerAccount": TAILSPIN, **ACCOUNT})
        for number, (first, last) in PEOPLE.items():
            self.employs(number, first, last, f"{first.lower()}@tailspin.example")
        self.delivers_to(YARD, "9 Yard Ln")

    def _hears(self, change: Change) -> None:
        self.saves -= change.event.endswith("save_commit_after")
        if not self.saves and self.doomed is not None:
            self.doomed.end_now()

    async def dies_at_save(self, number: int) -> None:
        """Work until the shop has saved something so many times; the process dies before it hears
        of the last one, and a new one starts."""
        self.saves, self.doomed = number, self._doomed()
        self.services = self._opened(self.systems.tables)
        await self._lives(self.doomed)
        await self.systems.queue.release_locks()
        self.services, self.doomed = self._opened(self.systems.tables), None

    def employs(self, number: str, first: str, last: str, email: str, **cells: str) -> None:
        """A clerk enters a contact."""
        person = {
            "dataAreaId": COMPANY, "ContactPersonId": number, "AssociatedPartyNumber": PARTY,
            "FirstName": first, "LastName": last, "PrimaryEmailAddress": email, **cells,
        }  # fmt: skip
        self.dynamics.store.insert("ContactPersons", person)

    def delivers_to(self, location: str, street: str, **cells: Any) -> None:
        """A clerk enters a delivery address."""
        address = {
            "dataAreaId": COMPANY, "CustomerLegalEntityId": COMPANY,
            "CustomerAccountNumber": TAILSPIN, "AddressLocationId": location,
            "Effective": self.clock.now().replace(microsecond=0), "Expiration": NEVER_EXPIRES,
            "IsRoleDelivery": "Yes", "AddressStreet": street, "AddressCity": "New York",
            "AddressZipCode": "10002", "AddressState": "NY", "AddressCountryRegionId": "USA",
            "AddressCountryRegionISOCode": "US", **cells,
        }  # fmt: skip
        self.dynamics.store.insert("CustomerPostalAddresses", address)

    def clerk(self, **cells: str) -> None:
        """A clerk changes Tailspin's account."""
        row = self.dynamics.store.find("CustTable", COMPANY, TAILSPIN)
        assert row is not None
        self.dynamics.store.update("CustTable", row, cells)

    def clerk_moves(self, location: str, street: str) -> None:
        """A clerk changes the street of a delivery address."""
        self.clerk_changes(location, AddressStreet=street)

    def clerk_changes(self, location: str, **cells: Any) -> None:
        """A clerk changes a delivery address: its version ends, and another begins."""
        old = self.yards()[location]
        now = self.clock.now().replace(microsecond=0)
        store = self.dynamics.store
        store.insert("CustomerPostalAddresses", {**old.values, "Effective": now, **cells})
        store.update("CustomerPostalAddresses", old, {"Expiration": now})

    def yards(self) -> dict[str, Record]:
        """Tailspin's delivery addresses of today, by location."""
        rows = self.rows("CustomerPostalAddresses", CustomerAccountNumber=TAILSPIN)
        return {
            row["AddressLocationId"]: row for row in rows if row["Expiration"] > self.clock.now()
        }

    async def polls_accounts(self) -> None:
        """A poll, worked off."""
        await asyncio.sleep(60)
        await self.polls("accounts")
        await self.works_until_idle()

    async def previews(self) -> list[str]:
        """What a preview of Tailspin shows: requests, or why there are none."""
        found = await preview_account(TAILSPIN, await self.as_it_stands())
        return [
            ", ".join(f"{r.method} {r.path}" for r in one.requests) or one.reason for one in found
        ]

    async def hears_the_shop(self) -> None:
        """The hooks of Tailspin's company and users come in, and are worked off."""
        await asyncio.sleep(60)
        company = self.company["id"]
        await self.hook("companies", {"data": {"company": {"entity_id": company}}})
        for number, user in self.commerce.customers.items():
            if member_of(user).get("company_id") == company:
                await self.hook("customers", {"data": {"customer": {"entity_id": number}}})
        await self.works_until_idle()

    @property
    def company(self) -> Columns:
        """The one company that is Tailspin's."""
        (found,) = [
            one for one in self.commerce.companies.values()
            if one["company_name"].startswith("Tailspin")
        ]  # fmt: skip
        return found

    def user(self, number: str) -> Columns:
        """The customer of a contact's e-mail address."""
        email = f"{PEOPLE[number][0].lower()}@tailspin.example"
        (found,) = [one for one in self.commerce.customers.values() if one["email"] == email]
        return found

    def book(self, number: str) -> dict[str, Columns]:
        """A user's addresses by the first line of their street."""
        return {one["street"][0]: one for one in self.user(number)["addresses"]}

    def shopper_edits(self, number: str, before: str, after: str) -> None:
        """A user changes an address in their account."""
        user = self.user(number)
        addresses = [
            {**one, "street": [after]} if one["street"][0] == before else one
            for one in user["addresses"]
        ]
        self.commerce.save_customer({**user, "addresses": addresses})

    async def account_claim(self) -> Claim:
        """Where Tailspin stands."""
        return await self.claim(TAILSPIN, "accounts")

    async def is_delivered(self) -> None:
        """Nothing of Tailspin waits for a person."""
        claim = await self.account_claim()
        assert (claim.state, claim.reason) == (State.DELIVERED, ""), claim.reason

    def writes(self) -> dict[str, int]:
        """Requests so far that change something, by what they change."""
        kinds = {**self.commerce.requests, **self.dynamics.operations}
        return {kind: count for kind, count in kinds.items() if not kind.startswith("GET")}


def in_outgoing(**settings: Any) -> Callable[[Story], Callable[..., None]]:
    """A test that is a story in such a harness of its own, played in virtual time."""
    return played_in(lambda: Outgoing(settings))
