"""What the settings of the connections that report say of the data set and of its figures."""

from collections.abc import Sequence
from typing import Any

from sync.core.encoding import digest
from sync.reporting.from_systems import Reported
from sync.reporting.star import Terms


def terms_of(reported: Sequence[Reported]) -> Terms:
    """What the settings of all say of the figures; of two that differ the first one's counts."""
    currencies, regions, first = dict[str, str](), dict[str, str](), reported[0].reporting
    for one in reversed(reported):
        told = {name.casefold(): code for name, code in one.reporting.company_currencies.items()}
        known = (company.casefold() for company in one.settings.legal_entities)
        currencies |= {company: told.get(company, currencies.get(company, "")) for company in known}
        regions |= one.reporting.regions
    group = next(
        (one.reporting.group_currency for one in reported if one.reporting.group_currency), ""
    )
    places = [
        (one, store, view)
        for one in reported
        for store in sorted(one.stores)
        if (view := one.settings.store(store)) is not None
    ]
    origins = frozenset(
        (one.settings.legal_entity_of(store).casefold(), view.origin)
        for one, store, view in places
        if view.origin
    )
    warehouses = {(one.name, str(store)): view.warehouse or "" for one, store, view in places}
    return Terms(
        currencies, group, first.rate_type, first.fiscal_year_starts, origins, regions, warehouses
    )


def shape_of(reported: Sequence[Reported]) -> str:
    """What of the settings decides how rows look, as a digest."""
    return digest([5, *map(_told_of, reported)])


def _told_of(one: Reported) -> dict[str, Any]:
    settings = one.settings
    return {
        "shop": one.name, "months": one.reporting.months, "cost": one.reporting.cost,
        "companies": [[view, settings.legal_entity_of(view)] for view in sorted(one.stores)],
        "zones": {name: str(settings.time_zone(name)) for name in settings.legal_entities},
        "templates": [[kind, getattr(settings, kind).reference_template] for kind in one.kinds],
    }  # fmt: skip
