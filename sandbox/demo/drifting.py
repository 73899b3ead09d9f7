"""What the shops show against what F&O says, by the product's own comparison, of all shops side by
side."""

import asyncio

from sandbox.demo.environment import Environment
from sandbox.demo.reconciliation import Finding
from sync.engine.drift import drift
from sync.engine.publication import PublicationFlow


async def drifted(environment: Environment, flow: PublicationFlow) -> tuple[int, list[Finding]]:
    """How many rows a flow shows, and those that the shops show otherwise."""
    each = await asyncio.gather(*(_of(environment, flow, name) for name in environment.pairs))
    return sum(shown for shown, _ in each), [found for _, findings in each for found in findings]


async def _of(
    environment: Environment, flow: PublicationFlow, name: str
) -> tuple[int, list[Finding]]:
    ledger, systems = environment.engine.ledger, await environment.engine.systems_pool.open(name)
    findings = [
        Finding(name, one.key, f"shows {one.scope} {one.field} {one.shown}, not {one.wanted}")
        async for one in drift(flow, systems, ledger)
    ]
    return (await ledger.mirror.whole(f"{name}|{flow.name}")).shown, findings
