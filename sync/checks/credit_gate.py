"""Whether the checkout gate does its work: tokens can be verified, and Commerce heeds a refusal."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Final

import httpx

from sync.checks.finding import Finding, Level, Probe, fault, ok
from sync.commerce.ims_bearer import ImsKeys
from sync.credit.decisions import Decision, Decisions

PATIENCE: Final = 10.0
"""Seconds."""
DAYS: Final = 7
"""Days of decisions that are looked at."""
MOST: Final = 2_000
"""Decisions of a day that are looked at, and orders that are asked for."""
HEED: Final = (
    "Write required = true into [connections.<name>.credit.gate], run: webhooks, and register the"
    " hook of orders again. Then a refusal stops the order, and so does a gate that is away."
)


async def gate_tokens_can_be_verified(probe: Probe) -> AsyncIterator[Finding]:
    """The identity service publishes keys for the tokens that the gate asks for."""
    gate, commerce = probe.settings.credit.gate, probe.settings.commerce
    if not (gate.enabled and gate.bearer):
        return
    url = commerce.ims_keys_url
    async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False) as http:
        count = await ImsKeys(url, http=http, clock=probe.clock).count()
    if count:
        yield ok(f"{url} has {count} keys for the gate's tokens")
    else:
        what = f"{url} has no key that the gate's tokens could be verified with"
        cure = "Find out where Adobe's identity service has its JWK set, and write its path into"
        yield fault(what, f"{cure} commerce.ims_keys; or leave out credit.gate.bearer.")


async def refusals_stop_orders(probe: Probe) -> AsyncIterator[Finding]:
    """Whether Commerce heeds a refusal: Adobe documents that for required hooks alone. An order
    that was refused last, and is there on account with the same customer, tells that it does
    not."""
    if not probe.settings.credit.gate.enabled or probe.own is None:
        return
    last = await _last_of_orders(Decisions(probe.own.tables, probe.name), probe)
    refused = {number: one for number, one in last.items() if not one.is_allowed}
    rows = await probe.commerce.company_credits.orders_of(sorted(refused)[:MOST])
    placed = [number for row in rows if (number := _placed(row, refused, probe))]
    if placed:
        what = (
            "the gate refused orders on account, and Commerce placed them all the same: the answer"
            " came too late, or that of an optional hook is not heeded"
        )
        yield Finding(Level.FAULT, what, HEED, len(placed), placed[0])
    elif refused:
        yield ok(f"Commerce placed none of {len(refused)} orders that the gate refused")


async def _last_of_orders(decisions: Decisions, probe: Probe) -> dict[str, Decision]:
    """What was decided last of each order, by its number."""
    found, today = dict[str, Decision](), probe.clock.now().date()
    for back in range(DAYS):
        looked = 0
        async for _, one in decisions.of_day(today - timedelta(days=back)):
            looked += 1
            if looked > MOST:
                break
            known = found.get(one.subject)
            if one.about == "order" and one.subject and (known is None or known.at < one.at):
                found[one.subject] = one
    return found


def _placed(row: Mapping[str, Any], refused: Mapping[str, Decision], probe: Probe) -> str:
    """The number of an order that is on account though it was refused; empty for any other."""
    number, method = str(row.get("increment_id")), (row.get("payment") or {}).get("method")
    is_theirs = str(row.get("customer_id") or "") == refused[number].customer
    return number if is_theirs and method in probe.settings.credit.on_account else ""
