"""The flows by name, and those that run where none is named."""

from typing import Final

FLOW_NAMES: Final = (
    "orders", "customers", "companies", "invoices", "creditmemos", "posted_invoices",
    "write_back", "stock", "prices", "products", "product_options", "shared_catalogs",
    "shipments", "cancellations", "tracking", "returns", "return_states", "refunds", "order_issues",
    "cases", "case_states", "captures", "status", "accounts", "credit", "mails",
    "quotes", "quote_answers", "quote_templates", "tasks", "demand",
)  # fmt: skip
"""What `flows` may name; a test keeps it equal to the flows that exist."""

DEFAULT_FLOWS: Final = ("orders", "customers")
"""What runs where nothing is named: receivables need accounts and journals that only the ledger's
owner knows."""
