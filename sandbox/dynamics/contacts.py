"""Contact persons: the buyers of a company, each a party of their own that is associated with the
customer's."""

from typing import Final

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, must_be_filled, not_found
from sandbox.dynamics.ruling import Draft, Number, TableRules, country
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

NAMES: Final = ("FirstName", "MiddleName", "LastName")


def contacts_of(env: Environment, customer: Record) -> list[Record]:
    """The contact persons of a customer, oldest first."""
    wanted = folded(customer.values.get("PartyNumber", ""))
    rows = (
        env.store.table("ContactPersons").having("AssociatedPartyNumber", (wanted,))
        if wanted
        else []
    )
    return [row for row in rows if row[COMPANY] == customer[COMPANY]]


def _defaults(draft: Draft) -> None:
    name = " ".join(part for field in NAMES if (part := draft.get(field)))
    draft.values["ContactPersonName"] = name
    draft.default(
        "SearchName", (draft.before.values.get("SearchName") if draft.before else "") or name[:20]
    )
    draft.values["LastEditDateTime"] = draft.state.now().replace(microsecond=0)
    if draft.before is None:
        draft.values["ContactPersonPartyNumber"] = draft.state.next_number("Party", "{number:09d}")
        draft.default("ContactPersonPartyType", "Person")
    if draft.sent.get("PrimaryAddressCountryRegionId") or draft.sent.get(
        "PrimaryAddressCountryRegionISOCode"
    ):
        country(draft, "PrimaryAddressCountryRegionId", "PrimaryAddressCountryRegionISOCode")


def _valid(draft: Draft) -> None:
    if not draft.get("ContactPersonName"):
        raise must_be_filled("First name", field="FirstName")
    if draft.get("ContactPersonPartyType") != "Person":
        raise Refused("A contact is a person.", field="ContactPersonPartyType")
    party = draft.get("AssociatedPartyNumber")
    customers = draft.state.store.table("CustTable").having("PartyNumber", (folded(party),))
    if not any(customer[COMPANY] == draft.company for customer in customers):
        raise not_found(party, "Contact for", "Global address book", field="AssociatedPartyNumber")


def _written(draft: Draft, contact: Record) -> None:
    """A customer has one default contact at most."""
    if contact.values.get("IsDefaultContactPerson") != "Yes":
        return
    for other in draft.state.store.table("ContactPersons").having(
        "AssociatedPartyNumber", (folded(contact["AssociatedPartyNumber"]),)
    ):
        is_other = other.number != contact.number and other[COMPANY] == contact[COMPANY]
        if is_other and other.values.get("IsDefaultContactPerson") == "Yes":
            draft.state.store.update("ContactPersons", other, {"IsDefaultContactPerson": "No"})


CONTACTS: Final = TableRules(
    "Contacts",
    numbers=(Number("ContactPersonId", "Contact ID", "Contact", "{number:06d}"),),
    fixed=frozenset({"ContactPersonPartyType", "AssociatedPartyNumber"}),
    defaults=_defaults,
    validate=_valid,
    written=_written,
)
