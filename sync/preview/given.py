"""Systems of whom nobody is asked: what documents and mapping tables tell, and nothing else."""

import asyncio

from sync.config.connections import Connection
from sync.core.ports import Clock
from sync.engine.systems import Systems
from sync.preview.input_files import Inputs
from sync.preview.presumed import PresumedAccounts, PresumedDynamics
from sync.preview.unasked import GivenCommerce, Lookups, UnaskedWebsites


def given_systems(
    name: str, settings: Connection, inputs: Inputs, lookups: Lookups, clock: Clock
) -> Systems:
    """A connection as these documents show it. Nothing of it needs to be closed."""
    commerce = GivenCommerce(inputs)
    return Systems(
        name=name, settings=settings, commerce=commerce, dynamics=PresumedDynamics(settings),
        items=lookups.items, accounts=PresumedAccounts(lookups.accounts, settings, inputs),
        clock=clock, websites=lookups.websites or UnaskedWebsites(commerce, settings),
        one_at_a_time=lambda _: asyncio.Lock(), digest_of=lookups.digest_of, paces=(),
    )  # fmt: skip
