"""Accounts in the demo: F&O's clerks enter organisations with contacts and a delivery address, and
rename some; each shop ends with one company for each, and its contacts as users."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sandbox.commerce.customers import member_of
from sandbox.demo.environment import ACCOUNTS, Environment, Pair
from sandbox.demo.reconciliation import Finding
from sync.config.connections import NumberMode

COMPANY: Final = "usmf"
GROUP: Final = "20"
COUNT: Final = 3
PLACE: Final = {
    "AddressCity": "New York", "AddressZipCode": "10001", "AddressState": "NY",
    "AddressCountryRegionId": "USA",
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """What the shops have in the end."""

    companies: int
    users: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "companies": self.companies, "users": self.users, "differences": len(self.findings)
        }  # fmt: skip


async def send_accounts(environment: Environment, within: timedelta) -> Sent:
    """Enter, send, rename, send again; then look at the shops. Raises `Stuck`."""
    names = {name: await _entered(pair) for name, pair in environment.pairs.items()}
    await _sent(environment, within)
    for name, pair in environment.pairs.items():
        for number in list(names[name])[:2]:
            names[name][number] += " Group"
            await _change(pair, number, {"OrganizationName": names[name][number]})
    await _sent(environment, within)
    each = [await _compared(environment, name, known) for name, known in names.items()]
    findings = tuple(found for one in each for found in one.findings)
    return Sent(sum(one.companies for one in each), sum(one.users for one in each), findings)


async def _sent(environment: Environment, within: timedelta) -> None:
    await environment.poll(ACCOUNTS)
    await environment.until_idle(within=within)


async def _entered(pair: Pair) -> dict[str, str]:
    """New accounts: their names by their numbers."""
    found = {}
    for place in range(COUNT):
        name = f"Office {place} of {pair.name}"
        ours = {"CustomerAccount": f"OFFICE-{place}"} if pair.numbers is NumberMode.OURS else {}
        account = await _post(pair, "CustomersV3", {
            "PartyType": "Organization", "OrganizationName": name, "CustomerGroupId": GROUP,
            "SalesCurrencyCode": "USD", "PrimaryContactEmail": f"office{place}@out.example",
            "PrimaryContactPhone": "555-0170", "AddressStreet": f"{place} Rd", **PLACE, **ours,
        })  # fmt: skip
        number = account["CustomerAccount"]
        for person in range(2):
            await _post(pair, "ContactPersons", {
                "AssociatedPartyNumber": account["PartyNumber"], "FirstName": "Person",
                "LastName": str(person), "PrimaryEmailAddress": _email(place, person),
                "IsDefaultContactPerson": "No" if person else "Yes",
            })  # fmt: skip
        await _post(pair, "CustomerPostalAddresses", {
            "CustomerAccountNumber": number, "CustomerLegalEntityId": COMPANY,
            "IsRoleDelivery": "Yes", "AddressStreet": f"{place} Yard", **PLACE,
        })  # fmt: skip
        found[number] = name
    return found


def _email(place: int, person: int) -> str:
    return f"person{person}.office{place}@out.example"


async def _post(pair: Pair, entity_set: str, body: Mapping[str, Any]) -> Any:
    whole = {"dataAreaId": COMPANY, **body}
    key = f"Bearer {pair.token}"
    return await pair.ledger.ask("POST", f"/data/{entity_set}", whole, authorization=key)


async def _change(pair: Pair, number: str, changes: Mapping[str, Any]) -> None:
    path = (
        f"/data/CustomersV3(dataAreaId='{COMPANY}',CustomerAccount='{number}')?cross-company=true"
    )
    await pair.ledger.ask("PATCH", path, changes, authorization=f"Bearer {pair.token}")


async def _compared(environment: Environment, name: str, known: Mapping[str, str]) -> Sent:
    systems = await environment.engine.systems_pool.open(name)
    findings, users = list[Finding](), 0
    for place, (number, called) in enumerate(known.items()):
        found = await systems.commerce.companies.having("reseller_id", number)
        if [one["company_name"] for one in found] != [called]:
            what = f"is {len(found)} companies, or not called {called}"
            findings.append(Finding(name, number, what))
            continue
        for person in range(2):
            user = await systems.commerce.customers.with_email(_email(place, person), 1) or {}
            is_member = member_of(user).get("company_id") == found[0]["id"]
            streets = [one["street"] for one in user.get("addresses") or []]
            users += is_member
            if not is_member or streets != [[f"{place} Yard"]]:
                what = f"contact {person} is no user, or delivers to {streets}"
                findings.append(Finding(name, number, what))
    return Sent(len(known), users, tuple(findings))
