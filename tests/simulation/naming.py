"""What records are called through the engine and in D365, by the connection's templates as the
worlds write them."""

from typing import Any

from sandbox.commerce.records import Columns, StoredOrder

LETTERS = {"invoices": "I", "creditmemos": "C"}


def key_of(order: StoredOrder) -> str:
    """The order's key in the queue."""
    return document_key(order.row)


def document_key(document: Columns) -> str:
    """The key of an order's row, an invoice or a credit memo."""
    return f"{document['increment_id']}@{document['store_id']}"


def reference_of(order: StoredOrder) -> str:
    """An order's reference in D365."""
    return f"{order.row['store_id']}-{order.row['increment_id']}"


def document_reference(flow: str, document: Columns) -> str:
    """The reference of an invoice or credit memo."""
    return f"{document['store_id']}-{LETTERS[flow]}{document['increment_id']}"


def documents_of(order: StoredOrder) -> list[tuple[str, Any]]:
    """(flow, document) of an order's invoices and credit memos."""
    return [("invoices", one) for one in order.invoices] + [
        ("creditmemos", one) for one in order.creditmemos
    ]
