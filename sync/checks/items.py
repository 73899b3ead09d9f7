"""Whether the items that SKUs are mapped to are in F&O: what a person wrote into the mapping, and
what the rule made of the SKUs of recent orders."""

from collections.abc import AsyncIterator
from itertools import islice
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok
from sync.checks.mapped_codes import Listed

MOST: Final = 4000
"""Item numbers that are looked up; those of recent orders first."""
SHOWN: Final = 10


async def items_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every item number that is mapped, or occurs in recent orders, is released in every legal
    entity that the connection posts into."""
    skus = dict(probe.known.items)
    async for row in probe.lookups.items.all():
        skus.setdefault(row.item_number, row.sku)
    for company in probe.companies if skus else ():
        yield await _compared(probe, company, dict(islice(skus.items(), MOST)), len(skus))


async def _compared(probe: Probe, company: str, skus: dict[str, str], count: int) -> Finding:
    listed = Listed.SERVICE_ITEM
    rows = await probe.dynamics.find_by(
        listed.entity_set, listed.field, *skus, company=company, select=(listed.field,)
    )
    known = {str(row[listed.field]).casefold() for row in rows}
    strange = [number for number in skus if number.strip().casefold() not in known]
    of = f" (of {count}, the first {len(skus)} were looked up)" if count > len(skus) else ""
    if not strange:
        return ok(f"{len(skus)} items of SKUs are released in {company}{of}")
    named = ", ".join(f"{one} for SKU {skus[one]}" for one in islice(strange, SHOWN))
    more = ", …" if len(strange) > SHOWN else ""
    return fault(
        f"{len(strange)} of {len(skus)} items of SKUs are not released in {company}{of}:"
        f" {named}{more}",
        f"Release them in {company} (Product information management > Products > Released"
        f" products), or correct the mapping: python -m sync map items set SKU ITEM --connection"
        f" {probe.name}.",
    )
