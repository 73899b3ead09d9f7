"""A harness whose shop sells to B2B companies: Contoso, which Bo administers, and Kim, who buys for
it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sandbox.commerce.catalogue import STORES, Shopper
from sandbox.commerce.customers import customer_columns
from sandbox.commerce.records import StoredOrder, stamp
from sandbox.dynamics.store import Record
from sync.mapping_tables.tables import AccountMapping
from tests.harness import Harness, Story, played_in
from tests.systems import COMPANY, CONNECTION, merged

CONTOSO: Final = 2
"""The company that customer 2, Bo Smith, administers."""
OFFICE: Final = "office.bo.smith@example.com"
KIM: Final = Shopper(
    "kim.buyer@example.com", "Kim", "Buyer", "ny", 7, company="Contoso Ltd", company_id=CONTOSO
)
PENDING, APPROVED, REJECTED, BLOCKED = range(4)


class B2B(Harness):
    """The harness, with companies flowing. `settings` change those of the connection."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(merged({"flows": ("orders", "customers", "companies")}, settings))
        self.joins(KIM)

    def joins(self, shopper: Shopper) -> None:
        """Somebody registers in the shop, or is saved by its staff, so that nobody hears of it
        yet."""
        shop, number = self.commerce, shopper.id
        assert number is not None
        known = [one for one in shop.catalogue.shoppers if one.id != number]
        shop.catalogue = shop.maker.catalogue = replace(shop.catalogue, shoppers=(*known, shopper))
        place = shop.catalogue.places[shopper.place]
        shop.customers[number] = customer_columns(
            shopper, place, STORES[0], stamp(self.clock.now())
        )

    def decides(self, **columns: Any) -> None:
        """The shop's staff saves Contoso with these columns."""
        self.commerce.save_company(CONTOSO, **columns)

    async def notify(self, key: int = CONTOSO, flow: str = "companies") -> None:
        """A hook comes in, well after all before it, and is worked off."""
        await asyncio.sleep(60)
        name = {"companies": "company", "customers": "customer"}[flow]
        await self.hook(flow, {"data": {name: {"entity_id": key}}})
        await self.works_until_idle()

    async def begins(self) -> None:
        """A hook about Contoso comes in, and one try is made."""
        await self.hook("companies", {"data": {"company": {"entity_id": CONTOSO}}})
        await asyncio.sleep(2)
        await self.works_off_what_is_due()

    async def works_for_a_while(self) -> None:
        """Work off what is due within the next minute."""
        for _ in range(30):
            await asyncio.sleep(2)
            await self.works_off_what_is_due()

    async def looks(self) -> int:
        """The poll for companies, worked off; how many notifications it found."""
        found = await self.polls("companies")
        await self.works_until_idle()
        return found

    def buys(self, shopper: Shopper = KIM, **wishes: Any) -> StoredOrder:
        """A buyer places an order."""
        return self.place(shopper=shopper, **wishes)

    def rows(self, table: str, **cells: str) -> list[Record]:
        """The ledger's rows with these values."""
        found = self.dynamics.store.table(table).records.values()
        return [
            row
            for row in found
            if all(row.values.get(name) == value for name, value in cells.items())
        ]

    def hold(self, number: str) -> str:
        """The hold of an account."""
        return str(self.account(number).get("OnHoldStatus", "No"))

    def clerk_holds(self, number: str, status: str) -> None:
        """A clerk in the ledger sets the hold of an account."""
        row = self.dynamics.store.find("CustTable", COMPANY, number)
        assert row is not None
        self.dynamics.store.update("CustTable", row, {"OnHoldStatus": status})

    def has_had(self, number: str, **cells: str) -> None:
        """The ledger has had an organisation's account of this number for long."""
        base = self.account("US-001")
        values = {**base, "CustomerAccount": number, "PartyNumber": f"P-{number}", **cells}
        self.dynamics.store.insert("CustTable", values)

    async def known(self, kind: Any = "company", key: int = CONTOSO) -> AccountMapping | None:
        """The mapping of a company or customer."""
        return await (await self.services.systems_pool.open(CONNECTION)).accounts.get(
            kind, str(key), COMPANY
        )

    async def maps(self, number: str) -> None:
        """A person maps Contoso to an account."""
        await (await self.services.systems_pool.open(CONNECTION)).accounts.put(
            AccountMapping("company", str(CONTOSO), number, "import")
        )

    @property
    def asked(self) -> int:
        """Requests to the ledger so far."""
        return sum(self.dynamics.requests.values())


def in_b2b(**settings: Any) -> Callable[[Story], Callable[..., None]]:
    """A test that is a story in a B2B harness of its own, played in virtual time."""
    return played_in(lambda: B2B(settings))
