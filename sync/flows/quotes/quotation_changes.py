"""Which quotations may have to be answered: each that changed, with how it stands."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from sync.core.groups import as_groups
from sync.dataverse.sales_quotes import Doubled
from sync.dataverse.web_api import LAG
from sync.dynamics.documents.quotation import Listed
from sync.dynamics.odata import is_pattern
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.quotes.quotation_books import book_of, in_sales
from sync.flows.quotes.quote_records import QUOTES
from sync.mapping.references import fields_in

TOGETHER: Final = 20
"""Quotations that are looked at side by side."""


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Quotations that may have changed, each with how it stands."""
    companies = sorted(systems.settings.legal_entities)
    listed = book_of(systems).listed(companies, since, until, after)
    async for some in as_groups(listed, TOGETHER):
        for change in await _looked_at(some, systems):
            yield change


async def _looked_at(listed: Sequence[Listed], systems: Systems) -> list[Change]:
    """Side by side: their reads become few requests."""
    keys = [await _key_of(one, systems) for one in listed]
    shown = await asyncio.gather(*(
        _fingerprint(one, key, systems) for one, key in zip(listed, keys, strict=True)
    ))  # fmt: skip
    return [
        Change(key, one.at, fingerprint, one.position, is_passed=not fingerprint)
        for one, key, fingerprint in zip(listed, keys, shown, strict=True)
    ]


async def _fingerprint(one: Listed, key: str, systems: Systems) -> str:
    """How it stands; empty where there is nothing to tell. One that is doubled, or that nobody
    can ask for, is told as well: its delivery parks it, and no other waits for that."""
    if not key:
        return ""
    if is_pattern(one.number) and not in_sales(systems):
        return one.number
    try:
        held = await book_of(systems).by_number(one.company, one.number)
    except Doubled as doubled:
        return doubled.reason
    if held is None or not (held.is_over or held.status in systems.settings.quotes.answering):
        return ""
    return held.fingerprint


async def _key_of(one: Listed, systems: Systems) -> str:
    """The id of its quote, by its reference, else by its number; empty for those of others."""
    if one.reference:
        fields = fields_in(one.reference, systems.settings.quotes.reference_template) or {}
        key = fields.get("quote_id", "")
        return key if key.isdecimal() else ""
    called = await systems.records_called(one.number)
    return next((key for flow, key in called if flow == QUOTES), "")


async def until(systems: Systems) -> datetime:
    """Those of F&O are read whole each time, so our clock will do; a change of Dataverse has its
    stamp before it is committed."""
    return systems.clock.now() - (LAG if in_sales(systems) else timedelta())
