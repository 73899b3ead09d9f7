"""What would become of a return: its return order in F&O, what Commerce would show of it, the
refunds of its credit notes, its case, and the mail about its status. The systems and the home are
read, and nothing is written."""

from collections.abc import Sequence
from typing import Any

from sync.core.errors import Never
from sync.core.skipped import Skipped
from sync.engine.flow import DocumentFlow
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
from sync.preview.as_it_stands import AsItStands, unless_kept
from sync.preview.previewed import Preview


async def preview_return(number: str, now: AsItStands) -> list[Preview]:
    """Each RMA of that number; empty where the shop has none. Raises what the clients raise where a
    system does not answer."""
    systems, found = now.systems, list[Preview]()
    rows = await systems.commerce.returns.by_number(number)
    for key in keys_of(rows, systems):
        wanted: list[tuple[DocumentFlow[Any], str]] = [(returns, key), (return_states, key)]
        wanted += [(refunds, one) for one in await _credit_notes(key, systems)]
        wanted += [(mails, f"return|{key}|{one}") for one in sorted({*map(_status, rows)})]
        on = [one for one in wanted if one[0].name in systems.settings.flows]
        found += [await now.previewed(*one) for one in on]
    return found


async def preview_mail(number: str, now: AsItStands) -> list[Preview]:
    """The mail about each posted document of that number; empty where there is none."""
    systems = now.systems
    journal = systems.settings.portal.journal if systems.settings.portal else ""
    books, found = systems.dynamics.buyer_documents, list[Preview]()
    for company in systems.settings.legal_entities if journal else ():
        if await books.numbered(journal, company, number):
            key = f"invoice|{company}|{number}"
            found.append(await now.previewed(mails, key))
    return found


async def preview_case(number: str, now: AsItStands, kind: Kind) -> list[Preview]:
    """The case of each RMA or order of that number, and what the shop would be told of it. Raises
    what the clients raise where a system does not answer."""
    systems = now.systems
    records = systems.commerce.returns if kind == "return" else systems.commerce.orders
    found: list[Preview] = []
    for key in keys_of(await records.by_number(number), systems):
        for flow in (cases, case_states):
            if flow.name in systems.settings.flows:
                of_case = f"{kind}|{key}"
                found.append(await now.previewed(flow, of_case))
    return found


def _status(row: Any) -> str:
    return str(row.get("status") or "")


async def _credit_notes(key: str, systems: Systems) -> Sequence[str]:
    handled = await unless_kept(read(key, systems))
    if handled is None or isinstance(handled, Never | Skipped):
        return []
    company = systems.settings.legal_entity_of(handled.found.order.store_id)
    return [f"{company}|{number}" for number in handled.credit_notes]
