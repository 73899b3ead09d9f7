"""What cases are of, by their keys: "return|<increment_id>@<store_id>" of an RMA, and
"order|<increment_id>@<store_id>" of an order whose comments ask for a person."""

from collections.abc import Sequence

from sync.config.connections import Connection
from sync.dataverse.web_api import id_of
from sync.engine.systems import Systems
from sync.flows.orders.orders import resolve as resolve_order
from sync.flows.returns.order_issues import HISTORY, Noted
from sync.flows.returns.order_issues import read as read_order
from sync.flows.returns.rma_records import read_rma
from sync.flows.returns.rma_records import resolve as resolve_rma
from sync.mapping.cases import ORDER, RETURN, Complaint, Matter


def case_id(key: str, connection: Connection) -> str:
    """The id of its case: of that record of that shop, whatever the connection is called."""
    return id_of("case", connection.commerce.url, key)


async def resolve(key: str, systems: Systems) -> Sequence[str] | None:
    """A key without a store: those of the records of that number."""
    kind, _, inner = key.partition("|")
    found = await (resolve_rma if kind == RETURN else resolve_order)(inner, systems)
    return None if found is None else [f"{kind}|{one}" for one in found]


async def read(key: str, systems: Systems) -> Matter | None:
    """The RMA or the order, as it is now; None where Commerce does not show it."""
    kind, _, inner = key.partition("|")
    if kind == ORDER:
        noted = await read_order(inner, systems)
        return None if noted is None else Matter(noted.order, None, _complaints(noted))
    found = await read_rma(inner, systems)
    if found is None:
        return None
    memos = await systems.commerce.creditmemos.of_order(found.order.entity_id or 0)
    return Matter(found.order, found.rma, (), memos)


def _complaints(noted: Noted) -> tuple[Complaint, ...]:
    rows = noted.order.raw.get(HISTORY) or ()
    texts = {int(one["entity_id"]): str(one.get("comment") or "") for one in rows}
    return tuple(
        Complaint(comment, about, texts.get(comment, ""))
        for comment, about in noted.comments.items()
    )
