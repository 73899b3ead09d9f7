"""Postal addresses of customers: CustomerPostalAddresses.

Making an address primary changes the customer's own `Address...` fields. An address that changes
later than it began is a new version at the same location: the old one expires, so keys (which hold
the start) do not last.
"""

from typing import Final

from sandbox.dynamics.customers import ADDRESS, addresses, show_primary
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, country, refuse_if
from sandbox.dynamics.schema import COMPANY, NEVER_EXPIRES
from sandbox.dynamics.store import Record


def _address_defaults(draft: Draft) -> None:
    country(draft, "AddressCountryRegionId", "AddressCountryRegionISOCode")
    if draft.before is None:
        draft.default("Effective", draft.state.now().replace(microsecond=0))
        draft.default("Expiration", NEVER_EXPIRES)
        draft.values["IsPostalAddress"] = "Yes"


def _address_valid(draft: Draft) -> None:
    ended = draft.before is not None and draft.before["Expiration"] <= draft.state.now()
    refuse_if(ended, "A version of an address that has expired cannot be changed.")
    owner = draft.get("CustomerLegalEntityId")
    refuse_if(
        owner.lower() != draft.company,
        f"The value '{owner}' in field 'Company' is not found in the related table 'Legal"
        " entities'.",
        field="CustomerLegalEntityId",
    )


def _address_written(draft: Draft, row: Record) -> None:
    """A change ends the version and begins another; a primary address is the only one, and the
    customer shows it."""
    state, now = draft.state, draft.state.now().replace(microsecond=0)
    if (
        draft.before is not None
        and row["Effective"] < now
        and any(draft.changed(name) for name in ADDRESS.values())
    ):
        begun = {**row.values, "Effective": now}
        state.store.update(
            "CustomerPostalAddresses",
            row,
            {**draft.before.values, "Expiration": now, "IsPrimary": "No"},
        )
        row = state.store.insert("CustomerPostalAddresses", begun)
    if row.values.get("IsPrimary") != "Yes":
        return
    customer = state.store.find("CustTable", row[COMPANY], row["CustomerAccountNumber"])
    assert customer is not None  # a customer that goes takes its addresses along
    for other in addresses(state, customer):
        if other.number != row.number and other.values.get("IsPrimary") == "Yes":
            state.store.update("CustomerPostalAddresses", other, {"IsPrimary": "No"})
    show_primary(state, customer, row)


ADDRESSES: Final = TableRules(
    "Addresses",
    numbers=(
        Number(
            "AddressLocationId", "Location", "Location", "{number:09d}", always=True, shared=True
        ),
    ),
    relations=(Relation("CustomerAccountNumber", "CustTable", "Customer account", "Customers"),),
    defaults=_address_defaults,
    validate=_address_valid,
    written=_address_written,
)
