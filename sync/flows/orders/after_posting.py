"""What follows an order that is new in F&O: its number goes back to Commerce, and where it is on
account, its company's credit is read again."""

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.engine.plan import Notification
from sync.flows.orders.write_back import write_back_of


def after_posting(order: Order, key: str, settings: Connection) -> tuple[Notification, ...]:
    """As far as the connection wants either."""
    return (*write_back_of("orders", key, settings), *_credit(order, settings))


def _credit(order: Order, settings: Connection) -> tuple[Notification, ...]:
    is_on_account = order.payment.method in settings.credit.on_account
    if "credit" not in settings.flows or order.company_id is None or not is_on_account:
        return ()
    return (Notification("credit", str(order.company_id)),)
