"""`skip`: say that a parked record is not delivered."""

import typer

from sync.cli.command import context_of
from sync.cli.correcting import Flow, Key, Person, Said, Why, correct
from sync.cli.options import By, Unasked
from sync.engine.claim import Claim, State
from sync.engine.corrections import Corrections
from sync.operating.problem import Problem
from sync.operating.records import Ledgers


def skip(
    ctx: typer.Context, *, flow: Flow, key: Key, why: Why, by: By = "", yes: Unasked = False
) -> None:
    """Say that a parked record is not delivered: it leaves the list of the parked.

    When it changes, or is replayed, it is looked at again.

    For example:

    python -m sync skip orders 000000042@1 --why "a test order of the shop's builder"
    """

    async def said(_: Ledgers, claim: Claim) -> Said:
        if claim.state is not State.PARKED:
            raise Problem("it is not parked", remedy="`parked` lists what is.")
        look = " A write of it was under way: look in the target first." if claim.intent else ""
        return f"It is not delivered.{look}", Corrections.skip

    correct(context_of(ctx), flow, key, said, Person(why, by, yes))
