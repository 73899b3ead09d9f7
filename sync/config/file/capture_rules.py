"""What must hold for `captures`: orders that flow, revenue that F&O invoices, and gateways where
money is captured."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sync.config.connections.captures import Captures
from sync.config.connections.invoices import Invoices
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.toml_lines import Path

OFFLINE: Final = frozenset({"checkmo", "banktransfer", "cashondelivery", "purchaseorder",
                            "companycredit", "free"})  # fmt: skip
"""Payment methods of Commerce without a gateway: an invoice counts as paid, and nothing moves."""


def capture_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `captures` of the connection at `path`."""
    captures = sound(Captures, written.get("captures", {}))
    invoices = sound(Invoices, written.get("invoices", {}))
    if captures is None:
        return
    here = (*path, "captures")
    if is_flowing(written, "captures"):
        yield from _flowing(here, written, invoices)
    barred = OFFLINE | frozenset(invoices.on_account if invoices else ())
    for method, when in captures.methods.items():
        if method in barred and when != "never":
            what = f'"{method}" has no gateway that could capture money {when}'
            remedy = f'Write {method} = "never", or leave the line out.'
            yield Breach((*here, "methods", method), what, remedy)
    for method, what in captures.credits.items():
        if method in OFFLINE and what == "online":
            remedy = f'Write {method} = "record" or "report": nobody pays it out online.'
            yield Breach((*here, "credits", method), f'"{method}" has no gateway', remedy)


def _flowing(path: Path, written: Mapping[str, Any], invoices: Invoices | None) -> Iterator[Breach]:
    if not is_flowing(written, "orders"):
        what = 'the flow "captures" is on, and "orders" is not'
        remedy = 'Add "orders" to flows: only orders that we have posted are invoiced.'
        yield Breach(path, what, remedy)
    captures = sound(Captures, written.get("captures", {}))
    if captures and captures.authorisation_days and not is_flowing(written, "status"):
        what = 'authorisation_days is written, and the flow "status" is not on'
        remedy = 'Add "status" to flows: it reads open orders each day, and finds what ends.'
        yield Breach((*path, "authorisation_days"), what, remedy)
    recipe = invoices.recipe if invoices else "payment-journal"
    if is_flowing(written, "invoices") and recipe != "payment-journal":
        what = f'the flow "captures" is on, and invoices.recipe is "{recipe}"'
        remedy = (
            'Write recipe = "payment-journal": F&O has invoiced what "captures" invoices in'
            " Commerce, and a free text invoice of it would be its revenue again."
        )
        yield Breach((*path[:-1], "invoices", "recipe"), what, remedy)
