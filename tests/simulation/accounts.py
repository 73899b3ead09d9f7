"""Accounts of F&O that go out to the shop of a world: clerks and users change them, and in the end
both sides hold the same, once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import TYPE_CHECKING, Any, Final

from sandbox.commerce.customers import member_of
from sandbox.commerce.records import Columns
from sandbox.dynamics.schema import NEVER_EXPIRES
from sandbox.dynamics.store import Record
from sync.engine.claim import State
from sync.engine.ledger import Ledger
from tests.simulation.environment import ACCOUNTS
from tests.simulation.watching import EventLog
from tests.systems import COMPANY, CONNECTION, SystemsUnderTest

if TYPE_CHECKING:
    from tests.simulation.world import World

NUMBERS: Final = ("OUT-1", "OUT-2")
PAYER: Final = NUMBERS[0]
GROUP: Final = "OUT"
PLACE: Final = {
    "AddressCity": "New York", "AddressZipCode": "10001", "AddressState": "NY",
    "AddressCountryRegionId": "USA", "AddressCountryRegionISOCode": "US",
}  # fmt: skip


class SharedAccounts:
    """What clerks and users do to them. Nothing, where accounts do not flow."""

    def __init__(self, systems: SystemsUnderTest, random: Random, event_log: EventLog) -> None:
        self._systems, self._random, self._event_log = systems, random, event_log
        self._is_on = ACCOUNTS in systems.connections.connections[CONNECTION].flows

    def begin(self) -> None:
        """Two accounts, each with two contacts and a delivery address; one pays for the other."""
        if not self._is_on:
            return
        dynamics = self._systems.dynamics
        dynamics.put("CustomerGroups", dataAreaId=COMPANY, CustomerGroupId=GROUP)
        for number in NUMBERS:
            dynamics.put(
                "CustomersV3", dataAreaId=COMPANY, CustomerAccount=number, CustomerGroupId=GROUP,
                PartyType="Organization", PartyNumber=f"P-{number}", OrganizationName=number,
                SalesCurrencyCode="USD", PrimaryContactEmail=f"{number.lower()}@out.example",
                PrimaryContactPhone="1", ContactPersonId=f"C-{number}-0", AddressStreet="1 Rd",
                InvoiceAccount=PAYER, **PLACE,
            )  # fmt: skip
            for place in range(2):
                dynamics.put(
                    "ContactPersons", dataAreaId=COMPANY, ContactPersonId=f"C-{number}-{place}",
                    AssociatedPartyNumber=f"P-{number}", FirstName="First", LastName="Last",
                    PrimaryEmailAddress=f"{place}.{number.lower()}@out.example",
                )  # fmt: skip
            self._deliver_to(number, f"L-{number}", "1 Yard")

    def _deliver_to(self, number: str, location: str, street: str) -> None:
        now = self._systems.clock.now().replace(microsecond=0)
        self._systems.dynamics.put(
            "CustomerPostalAddresses", dataAreaId=COMPANY, CustomerAccountNumber=number,
            CustomerLegalEntityId=COMPANY, AddressLocationId=location, Effective=now,
            Expiration=NEVER_EXPIRES, IsRoleDelivery="Yes", AddressStreet=street, **PLACE,
        )  # fmt: skip

    async def change(self, times: int, within: float) -> None:
        """So many changes, by clerks and by users."""
        for turn in range(times if self._is_on else 0):
            await asyncio.sleep(self._random.uniform(0, within / times))
            act: Any = self._random.choice((self._rename, self._move, self._edit, self._edit))
            act(self._random.choice(NUMBERS), turn)

    def _rename(self, number: str, turn: int) -> None:
        self._event_log.note(f"deed: account {number} is renamed")
        store = self._systems.dynamics.store
        row = store.find("CustTable", COMPANY, number)
        assert row is not None
        store.update("CustTable", row, {"OrganizationName": f"{number} {turn}"})

    def _move(self, number: str, turn: int) -> None:
        old = addresses(self._systems, number)[0]
        now = self._systems.clock.now().replace(microsecond=0)
        if old["Effective"] < now:
            self._event_log.note(f"deed: an address of account {number} changes")
            store = self._systems.dynamics.store
            moved = {"Effective": now, "AddressStreet": f"{turn} Clerk"}
            store.insert("CustomerPostalAddresses", {**old.values, **moved})
            store.update("CustomerPostalAddresses", old, {"Expiration": now})

    def _edit(self, number: str, turn: int) -> None:
        user = next(iter(users(self._systems, number)), None)
        if user is not None and user["addresses"]:
            self._event_log.note(f"deed: a user of account {number} edits an address")
            first, *rest = user["addresses"]
            edited = [{**first, "street": [f"{turn} User"]}, *rest]
            self._systems.commerce.save_customer({**user, "addresses": edited})


def addresses(systems: SystemsUnderTest, number: str) -> list[Record]:
    """The delivery addresses of an account that have not ended."""
    rows = systems.dynamics.store.table("CustomerPostalAddresses").records.values()
    return [
        row for row in rows
        if row["CustomerAccountNumber"] == number and row["Expiration"] > systems.clock.now()
        and row.values.get("IsRoleDelivery") == "Yes"
    ]  # fmt: skip


def users(systems: SystemsUnderTest, number: str) -> list[Columns]:
    """The customers with the e-mail addresses of its contacts."""
    suffix = f".{number.lower()}@out.example"
    found = systems.commerce.customers.values()
    return [one for one in found if str(one["email"]).endswith(suffix)]


async def of_accounts(world: "World", ledger: Ledger) -> AsyncIterator[str]:
    """One company for each account, its contacts its users, nobody mailed twice, the payer's on
    top, and both sides alike."""
    if ACCOUNTS not in world.plan.flows:
        return
    systems = world.systems
    mailed = Counter(systems.commerce.mails)
    for what, times in mailed.items():
        if times > 1:
            yield f"{what} was mailed {times} times"
    for number in NUMBERS:
        claim = await ledger.claim(CONNECTION, ACCOUNTS, number)
        if claim.state is not State.DELIVERED:
            yield f"account {number}: its claim is {claim.state}: {claim.reason}"
        companies = [
            one for one in systems.commerce.companies.values() if one["reseller_id"] == number
        ]
        if len(companies) != 1:
            yield f"account {number} is {len(companies)} companies"
            continue
        for fault in _of_company(systems, number, companies[0], is_told=bool(claim.reason)):
            yield f"account {number}: {fault}"
        head = systems.commerce.parents.get(companies[0]["id"])
        payer = systems.commerce.companies[head]["reseller_id"] if head is not None else ""
        if payer != (PAYER if number != PAYER else "") and not claim.reason:
            yield f"account {number}: the company above it is {head}, of account {payer}"


def _of_company(
    systems: SystemsUnderTest, number: str, company: Columns, *, is_told: bool
) -> list[str]:
    """`is_told`: a person knows that something of it is left."""
    row = systems.dynamics.store.find("CustTable", COMPANY, number)
    name = row.values["OrganizationName"] if row else ""
    found = [] if company["company_name"] == name else [f"{company['company_name']}, not {name}"]
    members = [one for one in users(systems, number)
               if member_of(one).get("company_id") == company["id"]]  # fmt: skip
    if len(members) != 2:
        found.append(f"it has {len(members)} users, not 2")
    wanted = sorted(one.values["AddressStreet"] for one in addresses(systems, number))
    books = [sorted("\n".join(one["street"]) for one in user["addresses"]) for user in members]
    if not is_told and any(book != wanted for book in books):
        found.append(f"its addresses are {wanted}, in the books {books}")
    return found
