"""What would become of a return: its return order in F&O, what Commerce would show of it, the
refunds of its credit notes, its case, and the mail about its status. The systems and the home are
read, and nothing is written."""

from collections.abc import Sequence
from typing import Any, Final

from sync.core.errors import Later, Never, Paused, SignInRefused
from sync.core.skipped import Skipped, Waiting
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.plan import Delivered, Plan
from sync.engine.systems import Systems
from sync.flows.cases.case_states import case_states
from sync.flows.cases.cases import cases
from sync.flows.keys import keys_of
from sync.flows.mails.mails import mails
from sync.flows.returns.handled_returns import read
from sync.flows.returns.refunds import refunds
from sync.flows.returns.return_states import return_states
from sync.flows.returns.returns import returns
from sync.mapping.cases import Kind
from sync.preview.previews import Preview

PREVIEW: Final = "preview"


async def preview_return(
    number: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> list[Preview]:
    """Each RMA of that number; empty where the shop has none. Raises what the clients raise where a
    system does not answer."""
    found: list[Preview] = []
    rows = await systems.commerce.returns.by_number(number)
    for key in keys_of(rows, systems):
        wanted: list[tuple[DocumentFlow[Any], str]] = [(returns, key), (return_states, key)]
        wanted += [(refunds, one) for one in await _credit_notes(key, systems)]
        wanted += [(mails, f"return|{key}|{one}") for one in sorted({*map(_status, rows)})]
        on = [one for one in wanted if one[0].name in systems.settings.flows]
        found += [await _previewed(*one, systems, ledger, documents) for one in on]
    return found


async def preview_mail(
    number: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> list[Preview]:
    """The mail about each posted document of that number; empty where there is none."""
    journal = systems.settings.portal.journal if systems.settings.portal else ""
    books, found = systems.dynamics.buyer_documents, list[Preview]()
    for company in systems.settings.legal_entities if journal else ():
        if await books.numbered(journal, company, number):
            key = f"invoice|{company}|{number}"
            found.append(await _previewed(mails, key, systems, ledger, documents))
    return found


async def preview_case(
    number: str, kind: Kind, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> list[Preview]:
    """The case of each RMA or order of that number, and what the shop would be told of it. Raises
    what the clients raise where a system does not answer."""
    records = systems.commerce.returns if kind == "return" else systems.commerce.orders
    found: list[Preview] = []
    for key in keys_of(await records.by_number(number), systems):
        for flow in (cases, case_states):
            if flow.name in systems.settings.flows:
                of_case = f"{kind}|{key}"
                found.append(await _previewed(flow, of_case, systems, ledger, documents))
    return found


def _status(row: Any) -> str:
    return str(row.get("status") or "")


async def _credit_notes(key: str, systems: Systems) -> Sequence[str]:
    handled = await _or_never(read(key, systems))
    if handled is None or isinstance(handled, Never):
        return []
    company = systems.settings.legal_entity_of(handled.found.order.store_id)
    return [f"{company}|{number}" for number in handled.credit_notes]


async def _or_never(reading: Any) -> Any:
    try:
        return await reading
    except Never as error:
        return error


async def _previewed(
    flow: DocumentFlow[Any], key: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> Preview:
    name = f"{flow.name} {key}"
    claim = await ledger.claim(systems.name, flow.name, key)
    message = Message(flow.name, systems.name, key, PREVIEW, systems.clock.now())
    delivery = Delivery(systems, ledger, documents, message, claim, _as_it_stands)
    try:
        record = await flow.source.read(key, systems)
        if record is None:
            return Preview(name, "skip", "it does not show (any more)")
        return _shown(name, await flow.plan(record, delivery))
    except Never as error:
        return Preview(name, "park", error.reason, error.remedy, missing=error.missing)
    except Later as error:
        if error.is_outage or isinstance(error, Paused | SignInRefused):
            raise
        return Preview(name, "skip", f"waiting: {error.reason}")


async def _as_it_stands(delivery: Delivery, flow: str, key: str, _: Any) -> Delivered | Skipped:
    """What was delivered of a record that a return needs; nothing is delivered for a preview."""
    claim = await delivery.ledger.claim(delivery.systems.name, flow, key)
    held = tuple(claim.delivered.values())
    return Delivered(Plan(()), held) if held else Waiting(f"{flow} {key} was not delivered")


def _shown(name: str, plan: Plan | Skipped) -> Preview:
    if isinstance(plan, Skipped):
        return Preview(name, "skip", str(plan))
    requests = tuple(plan.requests())
    reason = "" if requests else "nothing is left to be sent"
    return Preview(name, "deliver" if requests else "skip", reason, requests=requests)
