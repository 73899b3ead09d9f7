"""Attachments of customers and return orders: the server names each by a GUID; for staff unless
said otherwise."""

from typing import Final
from uuid import UUID

from sandbox.dynamics.ruling import Draft, Relation, TableRules

TABLE: Final = "CustomerAttachmentsV2"
OF_RETURNS: Final = "ReturnOrderHeaderDocumentAttachments"


def _defaults(draft: Draft) -> None:
    if draft.before is None and not draft.sent.get("DocumentId"):
        number = int(draft.state.next_number("Attachment", "{number}"))
        draft.values["DocumentId"] = str(UUID(int=number))


RULES: Final = TableRules(
    "Customer attachments",
    relations=(
        Relation("CustomerAccountNumber", "CustTable", "Customer account", "Customers"),
    ),
    initial={"Restriction": "Internal"},
    fixed=frozenset({"CustomerAccountNumber"}),
    defaults=_defaults,
)  # fmt: skip
RULES_OF_RETURNS: Final = TableRules(
    "Return order attachments",
    relations=(
        Relation("ReturnOrderNumber", "ReturnOrderHeadersV2", "Return order", "Return orders"),
    ),
    initial={"AccessRestriction": "Internal"},
    fixed=frozenset({"ReturnOrderNumber"}),
    defaults=_defaults,
)  # fmt: skip
