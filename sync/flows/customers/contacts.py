"""Buyers of a company -> contact persons of its account.

In:      a customer of Commerce who buys for a company, as orders, customers and companies know
         them: name and e-mail.
Out:     one row of ContactPersons, associated with the account's party.
Key:     "<customer id>@<account>": who buys for several companies is a contact of each; with
         "@<legal entity>" where that is not the connection's own.
Repeats: the party and the e-mail address find what a lost answer left behind, and contacts that
clerks have entered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.dynamics.contacts import SET, ContactPersons
from sync.engine.delivery import Delivery
from sync.engine.flow import SubFlow
from sync.engine.plan import Delivered, Plan
from sync.engine.write import Amendment, Found, Target, Write
from sync.flows.targets import dynamics_of
from sync.mapping.addresses import without_empty
from sync.mapping_tables.records import set_command

KIND: Final = "contact_person"


@dataclass(frozen=True)
class Contact:
    """A contact person to be. `company` is the legal entity, `account` the company's customer
    account there.

    `is_snapshot`: as an order knows the buyer, which may be long ago: enough to make a contact,
    never to change one.
    """

    company: str
    account: str
    customer_id: int
    firstname: str
    lastname: str
    email: str
    is_snapshot: bool = False

    @property
    def key(self) -> str:
        """What its claim is known by."""
        return f"{self.customer_id}@{self.account}"

    @property
    def body(self) -> dict[str, str]:
        """What is sent of it."""
        names = {
            "FirstName": self.firstname or self.lastname,
            "LastName": self.lastname if self.firstname else "",
        }
        return without_empty({**names, "PrimaryEmailAddress": self.email.lower()})

    @property
    def digest(self) -> str:
        """Of what is sent."""
        return digest(self.body)


def contacts_are_wanted(connection: Connection) -> bool:
    """Whether buyers of companies become contacts on this connection."""
    return "companies" in connection.flows and connection.companies.contacts


async def kept_contact(contact: Contact, delivery: Delivery) -> str:
    """The contact's number; it is made, or brought up to date, where it is not as wanted. Raises
    what `plan` does.

    A known one costs no request, unless a person asks for everything to be looked at again.
    """
    is_home = contact.company == delivery.systems.settings.legal_entity
    key = contact.key if is_home else f"{contact.key}@{contact.company}"
    claim = await delivery.ledger.claim(delivery.systems.name, contacts.name, key)
    is_fine = contact.is_snapshot or (
        delivery.is_same(claim.digest, contact.digest) and claim.intent is None
    )
    if claim.number and is_fine and not delivery.looks_first(KIND):
        return claim.number
    outcome = await delivery.require(contacts.name, key, contact)
    return outcome.number if isinstance(outcome, Delivered) else ""  # none is ever skipped


async def plan(contact: Contact, delivery: Delivery) -> Plan | Skipped:
    """One contact of the account. The claim makes this the only writer of it."""
    _must_be_named(contact)
    persons, held = delivery.systems.dynamics.contact_persons, delivery.held(KIND)
    delivery.wait_until_settled()
    keys = {"account": contact.account}
    if held is not None and await persons.is_there(contact.company, held.number):
        if contact.is_snapshot:
            return Plan((), digest=delivery.claim.digest, keys=keys)
        write = ContactWrite(contact, held.number, "", persons, dynamics_of(delivery.systems))
        return Plan((write,), digest=contact.digest, keys=keys)
    party = await _party(contact, delivery)
    number = await persons.find(contact.company, party, contact.body["PrimaryEmailAddress"])
    write = ContactWrite(contact, number, party, persons, dynamics_of(delivery.systems))
    return Plan((write,), digest=contact.digest, keys=keys, starts_anew=held is not None)


def _must_be_named(contact: Contact) -> None:
    if contact.email and (contact.firstname or contact.lastname):
        return
    what = "name" if contact.email else "e-mail address"
    raise Never(
        f"customer {contact.customer_id}, who buys for a company, has no {what}",
        remedy=(
            "Enter it in Commerce, or set companies.contacts = false in connections.toml, then"
            " replay."
        ),
    )


async def _party(contact: Contact, delivery: Delivery) -> str:
    customers = delivery.systems.dynamics.customers
    account = await customers.by_account(contact.company, contact.account)
    party = str((account or {}).get("PartyNumber") or "")
    if not party:
        raise Never(
            f"account {contact.account} is not in company {contact.company}, or has no party there",
            remedy=(
                f"Map the company to the account it has ({set_command('company', 'ID')});"
                f" {contact.account} cannot have contacts."
            ),
        )
    return party


@dataclass(frozen=True)
class ContactWrite(Write):
    """One contact person. `number`: of one that is there already; `party`: of the account, for a
    new one."""

    kind: ClassVar[str] = KIND
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    contact: Contact
    number: str
    party: str
    persons: ContactPersons
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.contact.key

    @property
    @override
    def expected_number(self) -> str:
        return self.number

    @property
    @override
    def digest(self) -> str:
        return self.contact.digest

    @property
    @override
    def document(self) -> Any:
        return self.contact.body

    @override
    def requests(self) -> Sequence[Request]:
        return [Request("POST", f"/data/{SET}", self.contact.body)]

    @override
    async def find(self) -> Found | None:
        return Found(self.number) if self.number else None

    @override
    async def create(self, not_after: datetime) -> Found:
        company, body = self.contact.company, self.contact.body
        return Found(await self.persons.create(company, self.party, body, not_after=not_after))

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        before: dict[str, Any] = sent or {}
        changes = {
            name: value for name, value in self.contact.body.items() if before.get(name) != value
        }

        async def apply(not_after: datetime) -> None:
            company = self.contact.company
            await self.persons.update(company, number, changes, not_after=not_after)

        return Amendment(self.document, apply if changes else None)


contacts = SubFlow[Contact](
    "contacts", "Contact persons, required by companies, customers and orders", plan
)
