"""Rows that every shop needs at some time, whatever its recent records hold."""

from collections.abc import Iterator
from typing import Final

from sync.checks.causes import Causes, row_cure
from sync.checks.finding import Finding, Level, Probe
from sync.config.connections import Connection
from sync.core.errors import Missing

NO_CURRENCY: Final = (
    "customers.currency is empty: who registers has not bought in any currency yet, and would be"
    " parked"
)
NO_FREE: Final = (
    "orders.payments maps no free: orders whose total is zero (a coupon, a gift card) would be"
    " parked"
)
NO_TAX: Final = 'orders.taxes maps no "none": orders and lines without tax would be parked'
NO_TAX_BUT_ANY: Final = (
    'orders.taxes maps no "none": what carries no tax gets the groups of "*", by which F&O may tax'
    " it"
)


def expected_rows(probe: Probe, causes: Causes) -> Iterator[Finding]:
    """One finding per row that is missing, unless recent records lacked it already."""
    for missing, level, what in _lacking(probe.settings):
        if missing not in causes:
            yield Finding(level, what, row_cure(probe.name, missing))


def _lacking(settings: Connection) -> Iterator[tuple[Missing, Level, str]]:
    payments, taxes = settings.orders.payments, settings.orders.taxes
    if "customers" in settings.flows and not settings.customers.currency:
        yield Missing("customers.currency", ""), Level.FAULT, NO_CURRENCY
    if payments and not payments.keys() & {"free", "*"}:
        yield Missing("orders.payments", "free"), Level.WARN, NO_FREE
    if taxes and "none" not in taxes:
        what = NO_TAX_BUT_ANY if "*" in taxes else NO_TAX
        yield Missing("orders.taxes", "none"), Level.WARN, what
