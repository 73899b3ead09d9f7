"""Whether F&O rounds sales orders as the configuration says."""

from collections.abc import AsyncIterator
from decimal import Decimal

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.core.money import CENT


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
        theirs = units.get(currency)
        if theirs is None:
            yield fault(
                f"dynamics.rounding: F&O has no currency {currency}",
                "Correct the code, or create the currency.",
            )
        elif theirs not in (Decimal(0), unit):
            yield fault(
                f"F&O rounds sales orders in {currency} to {theirs.normalize():f},"
                f" dynamics.rounding says {unit:f}",
                "Make both the same: Currencies > Rounding rules in F&O, or rounding in"
                " connections.toml.",
            )
        else:
            yield ok(f"sales orders in {currency} are rounded to {unit:f}")
    if not configured:
        yield ok("no rounding is configured: every sales order is taken to be rounded to 0.01")
    others = {c: u for c, u in units.items() if c not in configured and u not in (Decimal(0), CENT)}
    if others:
        listed = ", ".join(
            f"{currency} {unit.normalize():f}" for currency, unit in sorted(others.items())
        )
        yield warn(
            f"F&O rounds sales orders to other units than 0.01 in: {listed}",
            "If the shop sells in one of them, name it under dynamics.rounding.",
        )
