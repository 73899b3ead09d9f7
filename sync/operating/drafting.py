"""The `connections.toml` that answers and discoveries come to, with the reason for each line.
Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from sync.checks.causes import ROWS, toml_key
from sync.operating.choosing import FREE, SECTIONS
from sync.operating.discovery import Choice, Discovered, Needed, StoreView
from sync.operating.proposals import Proposal, proposed

SHOWN: Final = 12
"""Codes that are named where somebody has to choose."""
CHOSEN: Final = ("orders", "invoices", "invoices.banks", "creditmemos", "stock.sources")
WRITTEN: Final[Mapping[str, str]] = {
    "orders.payments": '{{ method = "{code}" }}',
    "orders.deliveries": '"{code}"',
    "orders.taxes": '{{ group = "{code}" }}',
    "customers.groups": '"{code}"',
}


@dataclass(frozen=True)
class Answers:
    """What a person has said. `commerce` and `dynamics`: the lines of these sections. `flows`:
    beside orders and customers; `chosen`: codes, by table and key."""

    name: str
    commerce: Mapping[str, str]
    dynamics: Mapping[str, str]
    warehouse: Choice = field(default_factory=lambda: Choice(""))
    group: str = ""
    flows: tuple[str, ...] = ()
    chosen: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of(self, table: str) -> dict[str, str]:
        """What was chosen for a table."""
        return {key: code for (name, key), code in self.chosen.items() if name == table}


def draft(answers: Answers, found: Discovered | None = None) -> str:
    """The whole file. Without discoveries: what both systems can be opened with."""
    stores = found.stores if found else ()
    lines = [
        "# Written by `init`. Each line that was found out says how. Look through it, then run:",
        "# python -m sync check",
        "",
        f"[connections.{answers.name}]",
        f"flows = {json.dumps(['orders', 'customers', *answers.flows])}",
        *_section(answers, "commerce", answers.commerce),
        *_section(answers, "dynamics", answers.dynamics),
        *_default_store(answers, stores),
        *(row for store in stores for row in _store(answers, store, stores)),
        *_fixed(answers, stores),
        *(_rows(answers, found) if found else ()),
        *_chosen(answers),
    ]
    return "\n".join(lines) + "\n"


def _section(answers: Answers, name: str, values: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"[connections.{answers.name}.{name}]")
    yield from (f"{key} = {_text(value)}" for key, value in values.items())


def _default_store(answers: Answers, stores: Sequence[StoreView]) -> Iterator[str]:
    yield from _section(answers, "stores.default", {
        "site": answers.warehouse.site or "1", "warehouse": answers.warehouse.code or "1",
        **answers.of("stores.default"),
    })  # fmt: skip
    told = {store.includes_tax for store in stores} - {None}
    if len(told) == 1:
        includes = str(told.pop()).lower()
        yield f"prices_include_tax = {includes}    # as the items of recent orders were priced"
    elif stores:
        yield "# prices_include_tax = true    # as Stores > Configuration > Sales > Tax says"


def _store(answers: Answers, store: StoreView, stores: Sequence[StoreView]) -> Iterator[str]:
    name = _text(store.name)[1:-1]
    yield from ("", f"# {name} ({store.code}), {store.currency or 'currency unknown'}")
    yield f"[connections.{answers.name}.stores.{store.id}]"
    told = {one.includes_tax for one in stores} - {None}
    if len(told) > 1 and store.includes_tax is not None:
        yield f"prices_include_tax = {str(store.includes_tax).lower()}    # as its orders show"


def _fixed(answers: Answers, stores: Sequence[StoreView]) -> Iterator[str]:
    group = {"group": answers.group} if answers.group else {}
    yield from _section(answers, "customers", {**group, **answers.of("customers")})
    bases = {store.base_currency for store in stores if store.base_currency}
    if len(bases) == 1:
        yield f"currency = {_text(bases.pop())}    # of new accounts: the shop's base currency"
    yield from ("", f"[connections.{answers.name}.items]")
    yield 'rule = "sku"    # the SKU is the item number; rows of `map items` go before it'
    yield from (f"{key} = {_text(code)}" for key, code in answers.of("items").items())


def _rows(answers: Answers, found: Discovered) -> Iterator[str]:
    ordered = sorted(found.needed, key=lambda one: one.row.table)
    for table, needed in groupby(ordered, key=lambda one: one.row.table):
        if table in SECTIONS:
            yield from ("", f"[connections.{answers.name}.{table}]")
            for one in sorted(needed, key=lambda one: -one.count):
                if one.row == FREE:
                    continue
                chosen = answers.chosen.get((table, one.row.key), "")
                proposal = Proposal(chosen, "chosen") if chosen else proposed(one.row, found.codes)
                yield from _row(one, proposal)
            if table == "orders.payments":
                yield 'free = { method = "" }    # orders with nothing left to pay'
        elif table in ROWS:
            yield from ("", f"# Recent orders need rows in {table}: `check` says which.")


def _chosen(answers: Answers) -> Iterator[str]:
    """Sections that hold nothing but what was chosen."""
    for table in CHOSEN:
        if rows := answers.of(table):
            yield from ("", f"[connections.{answers.name}.{table}]")
            yield from (_line(table, key, code) for key, code in rows.items())


def _line(table: str, key: str, code: str) -> str:
    """A source is written beside its warehouse."""
    name, value = (code, key) if table == "stock.sources" else (key, code)
    return f"{toml_key(name)} = {_text(value)}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _orders(count: int) -> str:
    return f"{count} recent order{'s' if count > 1 else ''}"


def _row(needed: Needed, proposal: Proposal) -> Iterator[str]:
    name, seen = toml_key(needed.row.key), _orders(needed.count)
    written = WRITTEN[needed.row.table]
    if proposal.code:
        yield f"{name} = {written.format(code=proposal.code)}    # {seen}; {proposal.reason}"
        return
    choices = ", ".join(map(str, proposal.others[:SHOWN])) or "none that we may read"
    more = ", …" if len(proposal.others) > SHOWN else ""
    yield f"# Choose for {seen}. F&O has: {choices}{more}"
    yield f"# {name} = {written.format(code='?')}"
