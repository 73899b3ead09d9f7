"""The flows that keep many rows equal: where the shop shows something else, and its repair."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sync.app.services import Services
from sync.config.connections import Connection
from sync.core.encoding import from_json, to_json
from sync.engine.drift import Drift, drift
from sync.engine.publication import EVERYTHING, PublicationFlow
from sync.engine.published_log import Published
from sync.engine.systems import Systems
from sync.flows import PUBLICATIONS
from sync.flows.catalogue.product_options import product_options
from sync.flows.demand.demand import demand
from sync.operating.asking import Asking
from sync.operating.problem import Problem

BY_NAME: Final = {flow.name: flow for flow in PUBLICATIONS}
OF_CATALOGUE: Final = BY_NAME.keys() - {demand.name}
"""Those that the shop shows; demand goes to F&O."""
Action = Literal["repair", "publish", "report", "adopt"]
SENT: Final[tuple[Action, ...]] = ("repair", "publish")
"""What the next run sends."""
KEPT: Final[tuple[Action, ...]] = ("adopt",)
"""What the shop keeps."""
BY_MIRROR: Final = {"confirmed": "commerce", "outdated": "dynamics"}
"""Where a row was changed, by what the mirror says of it: it holds no values."""


@dataclass(frozen=True)
class Deviation:
    """A field that the shop shows otherwise. `last`: what it confirmed when we last wrote; None
    where we never did, or longer than two weeks ago. `action`: what becomes of it, by the settings:
    `publish` is what a run sends anyway."""

    flow: str
    drift: Drift
    last: Published | None
    action: Action

    @property
    def changed_in(self) -> str | None:
        """The system (`commerce`, `dynamics`, `both`) in which the field is no more what the shop
        confirmed last; None where that cannot be known."""
        one = self.drift
        if self.last is None:
            return BY_MIRROR.get(one.mirror)
        was = (self.last.content or {}).get(one.scope, {}).get(one.field)
        is_ours, is_theirs = (from_json(to_json(now)) == was for now in (one.shown, one.wanted))
        return "dynamics" if is_ours else "commerce" if is_theirs else "both"

    def as_json(self) -> dict[str, Any]:
        """As `drift --json` prints it."""
        one, is_ours = self.drift, self.flow == demand.name
        shop, ledger = (one.wanted, one.shown) if is_ours else (one.shown, one.wanted)
        return {
            "sku": one.key, "scope": one.scope, "field": one.field, "commerce": shop,
            "dynamics": ledger, "mirror": one.mirror,
            "owner": "commerce" if is_ours else "dynamics",
            "changed_in": self.changed_in, "since": self.last.at.isoformat() if self.last else None,
            "action": self.action,
        }  # fmt: skip


def publication(name: str) -> PublicationFlow:
    """The flow. Raises `Problem`."""
    if name not in BY_NAME:
        raise Problem(f'"{name}" publishes no rows', remedy=f"Name one of: {', '.join(BY_NAME)}.")
    return BY_NAME[name]


def published_by(settings: Connection, *, of_skus: bool = False) -> list[str]:
    """The flows of products that are on; `of_skus`: those with a row per SKU. Raises `Problem`
    where none is."""
    wanted = OF_CATALOGUE - {product_options.name} if of_skus else BY_NAME.keys()
    found = [name for name in BY_NAME if name in settings.flows and name in wanted]
    if not found:
        remedy = f"Add one to flows in connections.toml: {', '.join(BY_NAME)}."
        raise Problem("no flow publishes products", remedy=remedy)
    return found


async def differences(
    services: Services, systems: Systems, flow: str, skus: Collection[str] = ()
) -> list[Deviation]:
    """Where Commerce shows something else than F&O says now; of these SKUs, or of all. Raises
    `Problem`, and as both systems do."""
    rows = drift(publication(flow), systems, services.ledger, skus)
    found = [one async for one in rows]
    partition = f"{systems.name}|{flow}"
    last = await services.ledger.published.last(partition, {one.key for one in found})
    policy = getattr(systems.settings, flow, None)
    policies = getattr(policy, "drift", {})
    return [Deviation(flow, one, last.get(one.key), _action(one, policies)) for one in found]


def _action(one: Drift, policies: Mapping[str, Literal["repair", "report", "adopt"]]) -> Action:
    policy = policies.get(one.field, policies.get("*", "repair"))
    if policy != "repair":
        return policy
    return "repair" if one.mirror == "confirmed" else "publish"


async def repaired(services: Services, systems: Systems, found: Sequence[Deviation]) -> Asking:
    """What differs counts as unknown, so that the next run sends it, as it is then. Of rows that
    are adopted F&O's state counts as shown; what is reported alone is left as it is."""
    asking = Asking(services, "replay")
    by_flow = defaultdict[str, list[Deviation]](list)
    for one in found:
        by_flow[one.flow].append(one)
    for flow, rows in by_flow.items():
        mirror, partition = services.ledger.mirror, f"{systems.name}|{flow}"
        sent = keys_of(rows, SENT)
        adopted = [
            await publication(flow).source.one(key, systems, services.ledger)
            for key in sorted(keys_of(rows, KEPT) - sent)
        ]
        await mirror.confirm(partition, [row for row in adopted if row.fault is None])
        await mirror.doubt(partition, sent)
        if sent:
            await asking.ask(systems.name, flow, [EVERYTHING])
    return asking


def keys_of(found: Iterable[Deviation], actions: Collection[Action]) -> set[str]:
    """The SKUs of which something comes to one of these."""
    return {one.drift.key for one in found if one.action in actions}
