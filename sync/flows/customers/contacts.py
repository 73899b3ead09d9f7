"""Buyers of a company -> contact persons of its account.

In:      a customer of Commerce who buys for a company, as orders, customers and companies know
         them: name and e-mail.
Out:     one row of ContactPersons, associated with the account's party.
Key:     "<customer id>@<account>": who buys for several companies is a contact of each; with
         "@<legal entity>" where that is not the connection's own.
Repeats: the party and the e-mail address find what a lost answer left behind, and contacts that
clerks have entered.
"""

from dataclasses import dataclass
from typing import Any

from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.dynamics.contacts import SET, ContactPersons
from sync.dynamics.customers import Customers
from sync.engine.delivery import Delivery
from sync.engine.flow import SubFlow
from sync.engine.results import Receipt, Skipped
from sync.mapping.addresses import without_empty
from sync.mapping_tables.records import set_command


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
    what `deliver` does.

    A known one costs no request, unless a person asks for everything to be looked at again
    (`looks_first`).
    """
    is_home = contact.company == delivery.systems.settings.legal_entity
    key = contact.key if is_home else f"{contact.key}@{contact.company}"
    claim = await delivery.ledger.claim(delivery.systems.name, contacts.name, key)
    is_fine = contact.is_snapshot or (claim.digest == contact.digest and claim.intent is None)
    if claim.number and is_fine and not delivery.looks_first:
        return claim.number
    outcome = await delivery.require(contacts.name, key, contact)
    return outcome.number if isinstance(outcome, Receipt) else ""  # none is ever skipped


async def deliver(contact: Contact, delivery: Delivery) -> Receipt | Skipped:
    """Make the account have this contact. The claim makes this the only writer of it."""
    if not contact.email or not (contact.firstname or contact.lastname):
        raise Never(
            f"customer {contact.customer_id}, who buys for a company, has no"
            f" {'name' if contact.email else 'e-mail address'}",
            remedy=(
                "Enter it in Commerce, or set companies.contacts = false in connections.toml, then"
                " replay."
            ),
        )
    persons = ContactPersons(delivery.systems.dynamics)
    delivery.wait_until_settled()
    number = delivery.claim.number
    if number and await persons.is_there(contact.company, number):
        if contact.is_snapshot:
            return Receipt(
                SET, number, delivery.claim.digest, "unchanged", {"account": contact.account}
            )
        action = await _amended(contact, number, persons, delivery)
    else:
        number, action = await _found_or_created(contact, persons, delivery)
        if (
            action == "adopted"
            and delivery.inherited is not None
            and delivery.inherited.document != contact.digest
        ):
            await _amended(contact, number, persons, delivery)
    delivery.keep("sent", contact.body)
    return Receipt(SET, number, contact.digest, action, {"account": contact.account})


async def _found_or_created(
    contact: Contact, persons: ContactPersons, delivery: Delivery
) -> tuple[str, str]:
    account = await Customers(delivery.systems.dynamics).get(contact.company, contact.account)
    party = str((account or {}).get("PartyNumber") or "")
    if not party:
        raise Never(
            f"account {contact.account} is not in company {contact.company}, or has no party there",
            remedy=(
                f"Map the company to the account it has ({set_command('company', 'ID')});"
                f" {contact.account} cannot have contacts."
            ),
        )
    number = await persons.find(contact.company, party, contact.body["PrimaryEmailAddress"])
    if number:
        return number, "adopted"
    intent = await delivery.intend(contact.digest)
    return (
        await persons.create(contact.company, party, contact.body, not_after=intent.not_after),
        "created",
    )


async def _amended(
    contact: Contact, number: str, persons: ContactPersons, delivery: Delivery
) -> str:
    """What changed since it was last sent; all of it where nobody knows what D365 holds."""
    before: dict[str, Any] = (
        {} if delivery.inherited is not None else await delivery.last_sent() or {}
    )
    changes = {name: value for name, value in contact.body.items() if before.get(name) != value}
    if not changes:
        return "unchanged"
    delivery.keep("wanted", contact.body)
    intent = await delivery.intend(contact.digest)
    await persons.update(contact.company, number, changes, not_after=intent.not_after)
    return "amended"


contacts = SubFlow[Contact](
    "contacts", "Contact persons, required by companies, customers and orders", deliver
)
