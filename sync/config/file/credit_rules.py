"""What must hold for `credit`: the currency of F&O's figures, and the flows it rests on."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.credit import Credit
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.toml_lines import Path

ZERO_RATE = 'Write what one unit of the accounting currency is in it, as in USD = "1.08".'


def credit_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `credit` of the connection at `path`."""
    credit = sound(Credit, written.get("credit", {}))
    if credit is None:
        return
    here = (*path, "credit")
    if is_flowing(written, "credit"):
        yield from _needed(path, here, credit, written)
    for currency, rate in credit.rates.items():
        if rate <= 0:
            yield Breach((*here, "rates", currency), "the rate is not above zero", ZERO_RATE)
    if credit.methods and not set(credit.methods) - set(credit.on_account):
        what = '"methods" names nothing beside what is on account'
        remedy = "Name all ways to pay that the shop gives companies, or none."
        yield Breach((*here, "methods"), what, remedy)
    gate = credit.gate
    if gate.enabled and not is_flowing(written, "credit"):
        what = 'the gate is on, and the flow "credit", which prepares its figures, is not'
        yield Breach((*here, "gate", "enabled"), what, 'Add "credit" to flows.')


def _needed(path: Path, here: Path, credit: Credit, written: Mapping[str, Any]) -> Iterator[Breach]:
    if not credit.currency:
        what = 'the flow "credit" is on, and "currency" names no accounting currency'
        yield Breach((*here, "currency"), what, 'Write currency = "EUR", or what it is.')
    if not is_flowing(written, "orders"):
        what = 'the flow "credit" is on, and "orders", which tells what F&O has, is not'
        yield Breach((*path, "flows"), what, 'Add "orders" to flows.')
