"""Invoices, credit memos, customers, companies and whole stories from files: every file is read
before one is previewed, for an invoice may lie in another file than its order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from sync.cli.order_files import Unusable, document_of
from sync.preview.input_files import Inputs, Kind, inputs_in

ADDRESSES: Final[Mapping[Kind, str]] = {
    Kind.ORDER: "orders", Kind.INVOICE: "invoices", Kind.CREDITMEMO: "creditmemos",
    Kind.CUSTOMER: "customers", Kind.COMPANY: "company",
}  # fmt: skip
"""Where REST answers documents of a kind."""
Refused = Callable[[Unusable], None]


def inputs_of(
    names: Iterable[str], wanted: tuple[Kind, ...], refused: Refused
) -> list[tuple[str, Inputs]]:
    """(file, documents) of every file that can be used, in order; `refused` hears of the others.

    A file with orders alone is of use beside one with invoices or credit memos: it tells what they
    belong to.
    """
    found = list(_read(names, wanted[-1], refused))
    needs_orders = {Kind.INVOICE, Kind.CREDITMEMO} & set(wanted)
    has_some = any(inputs.of(kind) for _, inputs in found for kind in wanted)
    useful = []
    for name, inputs in found:
        is_aside = bool(needs_orders and has_some and inputs.of(Kind.ORDER))
        if is_aside or any(inputs.of(kind) or kind in inputs.listed for kind in wanted):
            useful.append((name, inputs))
        else:
            refused(_nothing_in(name, wanted))
    return useful


def _read(names: Iterable[str], kind: Kind, refused: Refused) -> Iterator[tuple[str, Inputs]]:
    for name in names:
        try:
            yield name, inputs_in(document_of(name), kind)
        except Unusable as problem:
            refused(problem)


def _nothing_in(name: str, wanted: tuple[Kind, ...]) -> Unusable:
    kind = wanted[0]
    article = "an" if kind[0] in "aeiou" else "a"
    return Unusable(
        name,
        f"there is no {' and no '.join(wanted)} in it",
        f"Save {article} {kind} as GET /V1/{ADDRESSES[kind]}/{{id}} or GET"
        f" /V1/{ADDRESSES[kind]}?searchCriteria… answers it.",
    )
