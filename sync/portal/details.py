"""What one document shows besides its head: the tax by its groups, and where its goods went."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sync.config.connections.portal import Portal
from sync.core.money import rounded, total, unit_of
from sync.dynamics.buyer_documents import InvoiceLine
from sync.dynamics.documents.packing_slip import PackingSlip
from sync.engine.systems import Systems
from sync.portal.documents import Document


@dataclass(frozen=True)
class Tax:
    """The tax of the lines of a sales tax group and an item sales tax group. Both are empty for
    charges, rounding, and where F&O does not tell them. F&O shows no tax codes by OData."""

    group: str
    item_group: str
    net: Decimal
    tax: Decimal


def net_of(document: Document, line: InvoiceLine) -> Decimal:
    """A line's amount without tax."""
    return line.amount - line.tax if document.has_tax_within else line.amount


def taxes_of(document: Document, lines: Sequence[InvoiceLine]) -> list[Tax]:
    """Together they are the document's net amount and its tax, exactly."""
    groups: dict[tuple[str, str], list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        groups[line.tax_group, line.item_tax_group].append(line)
    unit = unit_of(document.currency)
    nets = {
        key: (rounded(total(net_of(document, one) for one in mine), unit),
              rounded(total(one.tax for one in mine), unit))
        for key, mine in groups.items()
    }  # fmt: skip
    nets.pop(("", ""), None)
    net = document.amount - document.tax - total(one for one, _ in nets.values())
    tax = document.tax - total(one for _, one in nets.values())
    rest = [Tax("", "", net, tax)] if net or tax else []
    return [Tax(*key, *amounts) for key, amounts in sorted(nets.items())] + rest


@dataclass(frozen=True)
class Delivery:
    """Where the goods of a document went. `address` is that of the sales order as it is now;
    `slips`: the packing slips of its lines, which other documents may share."""

    address: Sequence[str] = ()
    slips: Sequence[PackingSlip] = ()


async def delivery_of(
    systems: Systems, portal: Portal, document: Document, lines: Sequence[InvoiceLine]
) -> Delivery:
    """Nothing where it is not configured, or the document is of no sales order. Raises as F&O's
    client does."""
    if not (portal.delivery and document.order):
        return Delivery()
    place, slips = document.company, systems.dynamics.packing_slips
    address, keys = await asyncio.gather(
        systems.dynamics.buyer_documents.delivery_address(place, document.order),
        slips.keys(place, sales_order=document.order),
    )
    numbers = [key.rpartition("|")[2] for key in keys]
    found = await asyncio.gather(*(slips.get(place, document.order, one) for one in numbers))
    lots = {line.lot for line in lines if line.lot}
    return Delivery(address, [one for one in found if one is not None and _has(one, lots)])


def _has(slip: PackingSlip, lots: set[str]) -> bool:
    """Whether it has a line of these lots. Where no lot is known, all slips of the order do."""
    return not lots or any(row.lot in lots for row in slip.lines)
