"""Prospects (leads within F&O) and activities. Neither has a link to a customer; cases have no
public set at all."""

from typing import Final

from sandbox.dynamics.faults import Refused
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, country


def _defaults(draft: Draft) -> None:
    if draft.before is None:
        draft.values["ProspectPartyNumber"] = draft.state.next_number("Party", "{number:09d}")
        draft.default("ProspectPartyType", "Organization")
    if draft.sent.get("AddressCountryRegionId") or draft.sent.get("AddressCountryRegionISOCode"):
        country(draft, "AddressCountryRegionId", "AddressCountryRegionISOCode")


def _valid(draft: Draft) -> None:
    kind = draft.get("ProspectPartyType")
    if kind not in {"Organization", "Person"}:
        raise Refused(f"The party type '{kind}' is not valid.", field="ProspectPartyType")


PROSPECTS: Final = TableRules(
    "Prospects",
    numbers=(Number("ProspectId", "Prospect", "Prospect"),),
    relations=(
        Relation("CustomerGroupId", "CustomerGroups", "Customer group", "Customer groups"),
        Relation("CurrencyCode", "Currencies", "Currency", "Currencies"),
    ),
    fixed=frozenset({"ProspectPartyType"}),
    defaults=_defaults,
    validate=_valid,
)
ACTIVITIES: Final = TableRules(
    "Activities",
    numbers=(Number("ActivityNumber", "Activity number", "Activity", "{company}_{number:06d}"),),
)
