"""Delivering records again, after a person has mended what stopped them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

from sync.app.services import Services
from sync.core.groups import in_groups
from sync.core.message_queue import DeadLetter
from sync.engine.claim import Claim
from sync.engine.gateways import AT_A_GATEWAY, waits_for_a_look
from sync.engine.reading import delivered_with
from sync.engine.trail import Entry
from sync.operating.asking import Asking
from sync.operating.problem import Problem
from sync.operating.records import Ledgers, Letter, is_called

TOGETHER: Final = 20
"""Rows that are written side by side."""


@dataclass(frozen=True)
class Again:
    """One record to deliver again; `letter` is the message that was set aside for it."""

    connection: str
    flow: str
    key: str
    state: str
    reason: str
    letter: DeadLetter | None = None


async def of_keys(ledgers: Ledgers, keys: Sequence[str]) -> list[Again]:
    """Exact keys and numbers only: a beginning would replay what nobody named. Raises `Problem`."""
    letters = await ledgers.dead_letters()
    wanted: list[Again] = []
    for key in dict.fromkeys(keys):
        claims = [claim for claim in await ledgers.find(key) if is_called(claim.key, key)]
        found = [_again(ledgers.services, claim) for claim in claims]
        found += _set_aside(letters, key)
        if not found:
            remedy = f"Fetch it with: backfill --flow FLOW --ids {key}"
            raise Problem(f"nothing is known of {key}; nothing was replayed", remedy=remedy)
        wanted += found
    return wanted


def _set_aside(letters: Sequence[Letter], key: str | None = None) -> list[Again]:
    """Those of a key or number; all where none is named."""
    return [
        Again(message.connection, message.flow, message.key, "set aside", letter.reason, letter)
        for letter, message in letters
        if message is not None and (key is None or is_called(message.key, key))
    ]


async def of_record(services: Services, connection: str, flow: str, key: str) -> Again:
    """One record by its whole key. Raises `Problem` where nothing is known of it."""
    claim = await services.ledger.claim(connection, flow, key)
    if not claim.etag or flow not in services.flows:
        what = f"nothing is known of {flow} {key} that could be replayed"
        raise Problem(what, remedy=f"Fetch it with: backfill --flow FLOW --ids {key}")
    return _again(services, claim)


def _again(services: Services, claim: Claim) -> Again:
    """The record, or that with which it is delivered. Raises `Problem` where that is not known."""
    flow, key = delivered_with(services.flows.get(claim.flow), claim)
    if not key:
        what = f"{claim.flow} {claim.key} comes with another record, and none is known"
        raise Problem(what, remedy="Replay the order or document that needs it.")
    return Again(claim.connection, flow, key, str(claim.state), claim.reason)


async def of_parked(ledgers: Ledgers, reason: str) -> list[Again]:
    """Everything that is parked or set aside, by a part of its reason. What may have moved money at
    a gateway is left out, unless that part says so: it would be paid twice."""
    flows = ledgers.services.flows
    claims = [
        claim for claim in await ledgers.parked(reason)
        if delivered_with(flows.get(claim.flow), claim)[1]
        and (AT_A_GATEWAY in reason or not waits_for_a_look(claim))
    ]  # fmt: skip
    parked = [_again(ledgers.services, claim) for claim in claims]
    aside = _set_aside(await ledgers.dead_letters(reason))
    if AT_A_GATEWAY in reason:
        return parked + aside
    claim_of = ledgers.services.ledger.claim
    claims = [await claim_of(one.connection, one.flow, one.key) for one in aside]
    looked_at = [not waits_for_a_look(claim) for claim in claims]
    return parked + list(compress(aside, looked_at))


async def of_left_out(ledgers: Ledgers) -> tuple[list[Again], list[Claim]]:
    """The accounts themselves; a guest's by the record that last needed it, each once. And those of
    guests that wait for their next order."""
    wanted, waiting = {}, []
    for claim in await ledgers.left_out():
        flow, key = delivered_with(ledgers.services.flows.get(claim.flow), claim)
        if key:
            again = Again(claim.connection, flow, key, "delivered", claim.reason)
            wanted[claim.connection, flow, key] = again
        else:
            waiting.append(claim)
    return list(wanted.values()), waiting


async def enqueued(ledgers: Ledgers, wanted: Sequence[Again], *, by: str) -> Asking:
    """Each record's trail says who asked; then notifications; only then is a message that was set
    aside forgotten. Safe to repeat."""
    asking, services = Asking(ledgers.services, "replay"), ledgers.services
    asked = Entry(services.edition_parts.clock.now(), "asked", details={"by": by})
    for some in in_groups(wanted, TOGETHER):
        claims = [Claim(one.connection, one.flow, one.key) for one in some]
        await asyncio.gather(*(services.ledger.write(claim, asked) for claim in claims))
    groups: dict[tuple[str, str], list[str]] = {}
    for one in wanted:
        groups.setdefault((one.connection, one.flow), []).append(one.key)
    for (connection, flow), keys in groups.items():
        await asking.ask(connection, flow, keys)
    for one in wanted:
        if one.letter is not None:
            await services.edition_parts.queue.remove_dead_letter(one.letter)
    return asking
