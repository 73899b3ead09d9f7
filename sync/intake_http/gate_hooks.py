"""The hooks with which Commerce asks the gate.

Both are optional, so that a gate that is away stops no checkout. That of orders may be required
(`credit.gate.required`): Adobe documents for required hooks alone that a refusal stops the order.
The list of payment methods is asked for several times in a checkout: its answer may be used again
for half a minute, and the few fields that are sent make the same question of the same cart. An
order is asked about only where it is paid on account. Sources: Adobe's webhooks reference;
commerce-checkout-starter-kit (payment method filter: needs the module
magento/module-out-of-process-payment-methods, headless stores only), read 2026-11.
"""

from datetime import timedelta
from typing import Final

from sync.config.connections import Connection
from sync.credit.asked import COMPANY_OF
from sync.engine.flow import Hook
from sync.intake_http.registered_hooks import Asking, Registration

FILTER: Final = "out_of_process_payment_methods.api.payment_method_filter.get_list"
PLACE: Final = "sales.api.order_management.place"
CART: Final = ("entity_id", "store_id", "base_grand_total", "base_currency_code")
ORDER: Final = (
    "increment_id", "store_id", "customer_id", "base_grand_total", "base_currency_code",
    "grand_total", "order_currency_code", "payment.method",
)  # fmt: skip
TTL: Final = timedelta(seconds=30)


def gate_registrations(connection: str, settings: Connection, address: str) -> list[Registration]:
    """The hooks of a connection whose gate is on."""
    credit = settings.credit
    if not credit.gate.enabled:
        return []
    plugin = "plugin." if settings.commerce.edition == "saas" else "plugin.magento."
    fallback = credit.gate.text_for("*")
    cart = {f"payload.cart.{name}": f"payload.cart.{name}" for name in CART}
    customer = {"payload.customer.entity_id": "payload.customer.entity_id"}
    order = {f"order.{name}": f"order.{name}" for name in ORDER}
    if credit.gate.names_company:
        buys_for, places_for = f"payload.{COMPANY_OF['methods']}", f"order.{COMPANY_OF['order']}"
        customer |= {buys_for: buys_for}
        order |= {places_for: places_for}
    methods = ",".join(credit.on_account)
    operator = "equal" if len(credit.on_account) == 1 else "in"
    rules = (("order.payment.method", operator, methods),)
    return [
        Registration(
            "payment-methods", Hook("d365_credit_methods", f"{plugin}{FILTER}", cart | customer),
            connection, address, Asking("after", fallback, TTL),
        ),
        Registration(
            "place-order", Hook("d365_credit_order", f"{plugin}{PLACE}", order),
            connection, address,
            Asking("before", fallback, rules=rules, is_required=credit.gate.required),
        ),
    ]  # fmt: skip
