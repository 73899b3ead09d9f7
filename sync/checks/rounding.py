"""Whether F&O rounds sales orders as the configuration says."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.core.money import CENT

MAKE_SAME: Final = (
    "Make both the same: Currencies > Rounding rules in F&O, or rounding in connections.toml."
)


async def rounding_agrees(probe: Probe) -> AsyncIterator[Finding]:
    """F&O rounds sales orders as the configuration says: otherwise totals that were proved here
    differ there."""
    configured = probe.settings.dynamics.rounding
    select = ("CurrencyCode", "RoundingRuleSalesOrders")
    units = {
        str(row["CurrencyCode"]).upper(): Decimal(row.get("RoundingRuleSalesOrders") or 0)
        async for row in probe.dynamics.query("Currencies", select=select)
    }
    for currency, unit in configured.items():
        yield _compared(currency, unit, units.get(currency))
    if not configured:
        yield ok("no rounding is configured: every sales order is taken to be rounded to 0.01")
    others = {c: u for c, u in units.items() if c not in configured and u not in (Decimal(0), CENT)}
    if others:
        listed = ", ".join(f"{code} {unit.normalize():f}" for code, unit in sorted(others.items()))
        cure = "If the shop sells in one of them, name it under dynamics.rounding."
        yield warn(f"F&O rounds sales orders to other units than 0.01 in: {listed}", cure)


def _compared(currency: str, unit: Decimal, theirs: Decimal | None) -> Finding:
    if theirs is None:
        cure = "Correct the code, or create the currency."
        return fault(f"dynamics.rounding: F&O has no currency {currency}", cure)
    if theirs not in (Decimal(0), unit):
        what = f"F&O rounds sales orders in {currency} to {theirs.normalize():f}"
        return fault(f"{what}, dynamics.rounding says {unit:f}", MAKE_SAME)
    return ok(f"sales orders in {currency} are rounded to {unit:f}")
