"""What the configured recipes write, as far as several checks ask for it."""

from sync.config.connections import Connection


def books_payments(settings: Connection) -> bool:
    """Whether payment journals are written."""
    is_paid = "invoices" in settings.flows and settings.invoices.recipe != "free-text-invoice"
    return is_paid or ("creditmemos" in settings.flows and settings.creditmemos.refund_payment)


def books_free_text(settings: Connection) -> bool:
    """Whether free text invoices are written."""
    is_revenue = "invoices" in settings.flows and settings.invoices.recipe != "payment-journal"
    return is_revenue or (
        "creditmemos" in settings.flows and settings.creditmemos.recipe == "free-text-credit"
    )


def returns_orders(settings: Connection) -> bool:
    """Whether return orders are written."""
    by_memos = "creditmemos" in settings.flows and settings.creditmemos.recipe == "return-order"
    return by_memos or "returns" in settings.flows
