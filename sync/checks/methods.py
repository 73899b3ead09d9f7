"""Payment methods that occurred and for which nobody has said whether money moves by them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sync.checks.finding import Finding, Level, Probe, ok
from sync.checks.recipes import books_payments

NO_MONEY: Final = "free"
"""Zero subtotal checkout: there is nothing to pay."""

DECIDED: Final = "of recent orders has its bank or is on account"
ANY_BANK: Final = (
    'has the bank of "*": what Commerce invoices by it is booked as received on that day'
)
NAME_METHOD: Final = (
    "under banks where the money has come when Commerce invoices, in on_account where it has not"
    " (bank transfer, check, cash on delivery, purchase order)."
)


class Methods:
    """Looks at orders as REST answers them, newest first."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def see(self, orders: Iterable[Mapping[str, Any]]) -> None:
        """Count how the orders are paid."""
        for order in orders:
            payment = order.get("payment")
            method = payment.get("method") if isinstance(payment, Mapping) else None
            if (
                isinstance(method, str)
                and method
                and self._probe.settings.store(str(order.get("store_id")))
            ):
                self._counts[method] += 1
                self._examples.setdefault(
                    method, f"{order.get('increment_id')}@{order.get('store_id')}"
                )

    def findings(self) -> Iterator[Finding]:
        """One per method that only "*" covers: its invoices would be booked as received money,
        which may be wrong."""
        invoices = self._probe.settings.invoices
        if not books_payments(self._probe.settings) or not self._counts:
            return
        decided = {NO_MONEY, *invoices.banks, *invoices.on_account}
        undecided = [entry for entry in self._counts.most_common() if entry[0] not in decided]
        if not undecided:
            yield ok(f"each of the {len(self._counts)} payment methods {DECIDED}")
        if "*" not in invoices.banks:
            return  # such records would be parked, and are reported with their cause
        cure = f"Name it in [connections.{self._probe.name}.invoices]: {NAME_METHOD}"
        for method, count in undecided:
            example = self._examples[method]
            what = f"payment method {method[:64]} ({count} orders, as {example}) {ANY_BANK}"
            yield Finding(Level.WARN, what, cure, count, example)
