"""What a checkout asks, read out of the hook's body: which customer, which way to pay, how much.

Bodies are raw models of Commerce: numbers and ids come as numbers or as text, in the nesting of the
original payload or, where the hook renames its fields, under their names alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from sync.core.encoding import nested

About = Literal["order", "methods"]
ROOTS: Final = {"order": ("order", "data.order", ""), "methods": ("payload", "data.payload", "")}
COMPANY_OF: Final = {
    "order": "extension_attributes.company_order_attributes.company_id",
    "methods": "customer.extension_attributes.company_attributes.company_id",
}
"""Where a body may say for which company somebody buys."""
LARGEST: Final = Decimal(10) ** 12
LONGEST: Final = 60


@dataclass(frozen=True)
class Asked:
    """`subject`: the order's number, or the cart's id. `customer` None: a guest. `amounts` by
    currency: of the base currency and of the order's own; without a currency under "". `company`:
    where the hook says it; B2B orders carry it, and a customer may buy for several."""

    about: About
    subject: str
    customer: int | None
    store: str
    method: str
    amounts: Mapping[str, Decimal]
    company: int | None = None


def asked_in(about: About, payload: Mapping[str, Any]) -> Asked:
    """What is asked. What is not there, or cannot be read, is left out: the policy decides."""
    found = _Body(payload, ROOTS[about])
    if about == "order":
        pairs = (("base_currency_code", "base_grand_total"), ("order_currency_code", "grand_total"))
        return Asked(
            "order", found.text("increment_id"), found.whole("customer_id"),
            found.text("store_id"), found.text("payment.method"), found.amounts(pairs),
            found.whole(COMPANY_OF["order"]),
        )  # fmt: skip
    pairs = (
        ("cart.base_currency_code", "cart.base_grand_total"),
        ("cart.quote_currency_code", "cart.grand_total"),
    )
    return Asked(
        "methods", found.text("cart.entity_id"), found.whole("customer.entity_id"),
        found.text("cart.store_id"), "", found.amounts(pairs), found.whole(COMPANY_OF["methods"]),
    )  # fmt: skip


class _Body:
    """A body, whose fields are looked for below its roots."""

    def __init__(self, payload: Mapping[str, Any], roots: tuple[str, ...]) -> None:
        self._payload, self._roots = payload, roots

    def text(self, path: str) -> str:
        """A text or a number as text; empty for anything else."""
        value = self._value(path)
        is_said = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
        return str(value).strip()[:LONGEST] if is_said else ""

    def whole(self, path: str) -> int | None:
        """An id; None for none."""
        text = self.text(path)
        return int(text) if text.isascii() and text.isdecimal() and text.strip("0") else None

    def amounts(self, pairs: tuple[tuple[str, str], ...]) -> dict[str, Decimal]:
        """Amounts by currency."""
        found: dict[str, Decimal] = {}
        for currency, amount in pairs:
            value = _amount(self.text(amount))
            if value is not None:
                found.setdefault(self.text(currency), value)
        return found

    def _value(self, path: str) -> Any:
        for root in self._roots:
            whole = f"{root}.{path}" if root else path
            for name in (whole, path):
                if name in self._payload:
                    return self._payload[name]
            value = nested(self._payload, whole)
            if value is not None:
                return value
        return None


def _amount(text: str) -> Decimal | None:
    try:
        value = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() and 0 <= value < LARGEST else None
