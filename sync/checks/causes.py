"""Why records would be parked, one cause for all that it holds up, with the exact line or command
that mends it."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sync.checks.finding import Finding, Level
from sync.core.errors import Missing
from sync.preview.previewed import Preview

ITEMS: Final = "items"
CUSTOM_OPTIONS: Final = "items.custom_options"
"""Skus without an item that custom options may have made longer."""
OF_SKUS: Final = (ITEMS, CUSTOM_OPTIONS)
BY_BASE: Final = (
    'custom_options = "base", where the item of the product is the same for all its custom options.'
)
SHOWN: Final = 10
"""How many skus are named, and how many causes beside missing rows are printed one by one."""

ROWS: Final[Mapping[str, tuple[str, str]]] = {
    "orders.payments": ("payment method {key}", '{name} = {{ method = "<method of payment>" }}'),
    "orders.deliveries": ("shipping method {key}", '{name} = "<mode of delivery>"'),
    "orders.taxes": (
        "tax code {key}",
        '{name} = {{ group = "<sales tax group>", item_group = "<item sales tax group>" }}',
    ),
    "orders.segments": ("the total {key}", '{name} = {{ item = "<service item>" }}'),
    "customers.countries": ("country {key}", '{name} = "<country/region id>"'),
    "customers.groups": ("customer group {key}", '{name} = "<customer group>"'),
    "customers.currency": ("the currency of accounts", 'currency = "<currency>"'),
    "invoices.banks": ("the bank account of payment method {key}", '{name} = "<bank account>"'),
    "invoices.accounts": ("the main account of {key}", '{name} = "<main account>"'),
    "invoices.revenue_account": (
        "the main account of revenue",
        'revenue_account = "<main account>"',
    ),
    "companies.sales_representatives": ("admin user {key}", '{name} = "<personnel number>"'),
}
"""Per table: what a row of it maps, and how it is written."""

OTHERS: Final = ' ("*" stands for all others)'
SHARED_SAMPLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("orders.payments", "orders.deliveries", "orders.taxes"), OTHERS),
    "customers.groups": "; or set group, for all others",
    "invoices.banks": f"{OTHERS}; or name it in invoices.on_account, where no money moves by it",
}
"""Per table: what else would do."""

_NUMBERS: Final = re.compile(r"[0-9][0-9.,]*")


@dataclass
class Cause:
    """What holds up some records. `counts` by kind of record; `keys` of what is missing (many skus
    are one cause). `is_held`: else they are delivered, without some of their addresses."""

    missing: Missing | None
    reason: str
    remedy: str
    is_of_totals: bool
    example: str
    counts: Counter[str] = field(default_factory=Counter)
    keys: dict[str, None] = field(default_factory=dict)
    is_held: bool = True


class Causes:
    """The causes that were found so far, by (what is missing) or, where it is no row, by the
    sentence less its numbers."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._found: dict[object, Cause] = {}

    def add(self, kind: str, found: Preview) -> None:
        """Count a record that would be parked, or delivered without something, under each cause
        that its preview shows."""
        wanted: dict[object, Missing | None] = {_mark(one): one for one in found.missing}
        is_held = found.outcome == "park"
        for mark, missing in (wanted or {_sentence(found.reason): None}).items():
            cause = self._found.get((mark, is_held)) or Cause(
                missing, found.reason, found.remedy, found.totals is not None, found.key,
                is_held=is_held,
            )  # fmt: skip
            self._found[mark, is_held] = cause
            cause.counts[kind] += 1
            cause.keys.update((one.key, None) for one in found.missing if _mark(one) == mark)

    def __contains__(self, missing: object) -> bool:
        """Whether some record lacked this row."""
        return (missing, True) in self._found

    def rows(self) -> Iterator[tuple[Missing, int]]:
        """The missing rows, each with how many records lack it; of SKUs, none."""
        for cause in self._found.values():
            if cause.missing is not None and cause.missing.table not in OF_SKUS:
                yield cause.missing, cause.counts.total()

    def findings(self) -> Iterator[Finding]:
        """One per cause: those that hold up most first; of the causes that are no missing rows, the
        first ones alone."""
        by_mark = sorted(self._found.items(), key=lambda one: (-one[1].counts.total(), str(one[0])))
        ordered = [cause for _, cause in by_mark]
        for cause in ordered:
            if cause.missing is not None:
                yield self._of_row(cause, cause.missing)
        others = [cause for cause in ordered if cause.missing is None]
        yield from map(self._of_reason, others[:SHOWN])
        if rest := others[SHOWN:]:
            count = sum(cause.counts.total() for cause in rest)
            what = f"{count} more records would be parked for {len(rest)} further causes"
            cure = "Mend the causes above, then check again."
            yield Finding(Level.WARN, what, cure, count, rest[0].example)

    def _of_reason(self, cause: Cause) -> Finding:
        level = Level.FAULT if cause.is_of_totals else Level.WARN
        what = f"{_counted(cause.counts)} would be parked, for example: {cause.reason}"
        cure = cause.remedy.replace("connections.<name>", f"connections.{self._connection}")
        return Finding(level, what, cure, cause.counts.total(), cause.example)

    def _of_row(self, cause: Cause, missing: Missing) -> Finding:
        what = "parked" if cause.is_held else "delivered without such an address"
        held = f"{_counted(cause.counts)} would be {what}, for example {cause.example}"
        level = Level.FAULT if cause.is_held or missing.table in OF_SKUS else Level.WARN
        if missing.table in OF_SKUS:
            what, cure = _without_item(cause.keys), item_cure(self._connection)
            if missing.table == CUSTOM_OPTIONS:
                cure += f" Or add to [connections.{self._connection}.items]: {BY_BASE}"
        else:
            what = f"{_name(missing)} is not mapped ({missing.table})"
            cure = row_cure(self._connection, missing)
        return Finding(level, f"{what}: {held}", cure, cause.counts.total(), cause.example)


def _without_item(skus: Collection[str]) -> str:
    named = ", ".join(sku[:64] or "(empty)" for sku in islice(skus, SHOWN))
    more = ", …" if len(skus) > SHOWN else ""
    return f"{len(skus)} sku{'s have' if len(skus) > 1 else ' has'} no item in D365 ({named}{more})"


def row_cure(connection: str, missing: Missing) -> str:
    """The line to add, and under which table."""
    _, written = ROWS[missing.table]
    is_row = "{name}" in written
    table = missing.table if is_row else missing.table.partition(".")[0]
    row = written.format(name=toml_key(missing.key)) if is_row else written
    return (
        f"Add to [connections.{connection}.{table}]: {row}{SHARED_SAMPLES.get(missing.table, '')}."
    )


def item_cure(connection: str) -> str:
    """How skus get their items."""
    commands = ("map items match", "map items import FILE", "map items set SKU ITEM")
    return (
        "Map them:"
        f" {', or '.join(f'python -m sync {one} --connection {connection}' for one in commands)}."
    )


def toml_key(key: str) -> str:
    """A key as TOML writes it: bare where it may be, else quoted with JSON's escapes, which TOML
    shares."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def _mark(missing: Missing) -> object:
    return missing.table if missing.table in OF_SKUS else missing


def _sentence(reason: str) -> str:
    """A reason without the numbers of the one record that it names."""
    return _NUMBERS.sub("#", reason)


def _name(missing: Missing) -> str:
    if missing == Missing("orders.taxes", "none"):
        return 'What carries no tax ("none")'
    name = ROWS[missing.table][0].format(key=missing.key[:64] or "(none)")
    return name[0].upper() + name[1:]


def _counted(counts: Counter[str]) -> str:
    """`2 orders, 1 invoice`."""
    return ", ".join(
        f"{count} {kind if count == 1 else plural(kind)}" for kind, count in counts.most_common()
    )


def plural(kind: str) -> str:
    """Of a kind of record."""
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
