"""Whether every store view that the shop sells in belongs to some connection."""

from collections.abc import AsyncIterator

from sync.checks.finding import Finding, Probe, ok, warn


async def stores_are_handled(probe: Probe) -> AsyncIterator[Finding]:
    """Each active store view of the shop is in one of the connections that read this shop.

    What is sold in any other is left alone in silence, which is right only where somebody wants it so.
    """
    named = {name for one in (probe.settings, *probe.neighbours) for name in one.stores}
    views = await probe.commerce.store_views()
    active = [view for view in views if str(view.get("id")) != "0" and view.get("is_active", 1)]
    others = [f"{view.get('id')} ({view.get('code')})" for view in active if str(view.get("id")) not in named]
    if not others or "default" in named:
        yield ok(f"all {len(active)} store views of the shop belong to a connection")
        return
    yield warn(
        f"store views {', '.join(others)} of the shop belong to no connection: what is sold there is left alone",
        f"Add [connections.{probe.name}.stores.<id>] for those whose orders belong into {probe.settings.dynamics.company}.",
    )
