"""Whether every store view that the shop sells in belongs to some connection, numbers and
references tell them apart, and the websites that are named are there."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.commerce.transport import rows_in
from sync.config.connections.templates import (
    BEFORE,
    SUGGESTED,
    Place,
    tells_stores_apart,
    templates_in_use,
)

WEBSITES: Final = "store/websites"

BEFORE_A_SECOND: Final = "It must be there before a second store view is added."
OF_NO_WEBSITE: Final = (
    "which commerce.websites does not name: its orders would be posted, its customers left alone"
)


async def stores_are_handled(probe: Probe) -> AsyncIterator[Finding]:
    """Each active store view of the shop is in one of the connections that read this shop.

    What is sold in any other is left alone in silence, which is right only where somebody wants it
    so.
    """
    named = {name for one in (probe.settings, *probe.neighbours) for name in one.stores}
    views = await probe.commerce.store_views()
    active = [view for view in views if _is_selling(view)]
    others = [view for view in active if str(view.get("id")) not in named]
    if not others or "default" in named:
        yield ok(f"all {len(active)} store views of the shop belong to a connection")
        return
    yield warn(
        f"store views {_listed(others)} of the shop belong to no connection: what is sold there"
        " is left alone",
        f"Add [connections.{probe.name}.stores.<id>] for those whose orders belong into"
        f" {probe.settings.dynamics.company}.",
    )


async def templates_tell_stores_apart(probe: Probe) -> AsyncIterator[Finding]:
    """Where several store views of the shop send, each template in use has the store in it: two of
    them may use the same increment id, and would come to one document."""
    templates = _templates(probe).items()
    bare = [place for place, template in templates if not tells_stores_apart(place[0], template)]
    active = [view for view in await probe.commerce.store_views() if _is_selling(view)]
    stores = probe.settings.stores
    ours = [view for view in active if "default" in stores or str(view.get("id")) in stores]
    if not bare or len(active) < 2:
        yield ok(f"no number or reference can stand for two records ({_listed(ours)})")
    for section, name in bare if len(active) > 1 else ():
        where = f"{section}.{name} has no {{store_id}}"
        cure = f"Put {{store_id}} into it, as in {SUGGESTED[section]}. {BEFORE}"
        if len(ours) > 1:
            yield fault(f"{where}, and store views {_listed(ours)} send with it", cure)
        else:
            alone = f"only store view {_listed(ours)} sends with it now"
            may = f"but the shop has {len(active)}, which may use the same numbers"
            yield warn(f"{where}; {alone}, {may}", f"{cure} {BEFORE_A_SECOND}")


def _templates(probe: Probe) -> dict[Place, str]:
    settings = probe.settings
    return templates_in_use(
        settings.orders if "orders" in settings.flows else None,
        settings.invoices if "invoices" in settings.flows else None,
        settings.creditmemos if "creditmemos" in settings.flows else None,
        settings.returns if "returns" in settings.flows else None,
    )


def _is_selling(view: Mapping[str, Any]) -> bool:
    return str(view.get("id")) != "0" and bool(view.get("is_active", 1))


def _listed(views: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{view.get('id')} ({view.get('code')})" for view in views) or "none"


async def websites_exist(probe: Probe) -> AsyncIterator[Finding]:
    """Every website that the configuration names is in the shop, and those of the store views are
    among them."""
    named = probe.settings.commerce.websites
    if not named:
        return  # then they are those of the store views
    rows = rows_in(await probe.commerce.get(WEBSITES), f"GET {WEBSITES}")
    known = {str(row.get("id")): row.get("code") for row in rows if str(row.get("id")) != "0"}
    listed = ", ".join(f"{number} = {code}" for number, code in sorted(known.items()))
    for website in named:
        if str(website) in known:
            yield ok(f"website {website} ({known[str(website)]}) is there")
        else:
            what = f"commerce.websites: the shop has no website {website}"
            yield fault(what, f"Use the ids of Stores > All Stores; this shop has {listed}.")
    for view in await probe.commerce.store_views():
        home, name = view.get("website_id"), str(view.get("id"))
        if name in probe.settings.stores and home not in named:
            table = f"[connections.{probe.name}.commerce]"
            cure = f"Add {home} to websites in {table}, or take the store out."
            yield fault(f"stores.{name} is of website {home}, {OF_NO_WEBSITE}", cure)
