"""Which order of ours a packing slip was packed for."""

from collections.abc import AsyncIterator
from datetime import timedelta

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Later
from sync.core.skipped import Skipped
from sync.dynamics.documents.packing_slip import PackingSlip
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.systems import Systems
from sync.flows.keys import parts_of
from sync.flows.orders.sales_order_writes import KIND
from sync.mapping.references import fields_in, templates_of

ORDERS = "orders"
NOT_OURS = Skipped("its sales order is none of ours")


async def slips_of(claim: Claim, systems: Systems) -> list[str]:
    """The keys of all slips of an order that was posted, the oldest first."""
    held = claim.delivered.get(KIND)
    if held is None:
        return []
    _, store = parts_of(claim.key)
    company = systems.settings.legal_entity_of(int(store) if store.isdecimal() else None)
    numbers = await systems.dynamics.packing_slips.numbers_of(company, held.number)
    return [f"{company}|{held.number}|{number}" for number in numbers]


def may_be_ours(reference: str, settings: Connection) -> bool:
    """Whether a reference may be of an order of this connection; an empty one tells nothing."""
    return not reference or bool(_numbers_in(reference, settings))


async def order_of(slip: PackingSlip, delivery: Delivery) -> Order | Skipped:
    """The order as it is now. Raises `Later` while a try of ours has not recorded the sales order,
    or the shop does not show the order."""
    systems = delivery.systems
    reference = slip.reference or await _reference_of(slip, delivery)
    async for claim in _claims(reference, delivery):
        if not _is_for(slip, claim):
            continue
        document = await systems.commerce.orders.in_store(*parts_of(claim.key))
        if document is None:
            raise Later(f"order {claim.key} does not show in Commerce")
        order = Order.read(document)
        if systems.settings.legal_entity_of(order.store_id) == slip.company:
            return order
    return NOT_OURS


async def _claims(reference: str, delivery: Delivery) -> AsyncIterator[Claim]:
    name = delivery.systems.name
    for number in _numbers_in(reference, delivery.systems.settings):
        async for claim in delivery.ledger.claims(name, ORDERS, prefix=f"{number}@"):
            yield claim


def _is_for(slip: PackingSlip, claim: Claim) -> bool:
    """Whether the order was posted as the slip's sales order."""
    held = claim.delivered.get(KIND)
    if held is None and claim.intent is not None:
        raise Later(
            f"order {claim.key} is being posted, and may be {slip.sales_order}",
            after=timedelta(minutes=1),
        )
    return held is not None and held.number == slip.sales_order


async def _reference_of(slip: PackingSlip, delivery: Delivery) -> str:
    orders = delivery.systems.dynamics.sales_orders
    found = await orders.by_number(slip.company, slip.sales_order)
    return str(found.header.get("CustomersOrderReference") or "") if found else ""


def _numbers_in(reference: str, settings: Connection) -> list[str]:
    """The increment ids that a reference may name, of the connection's stores."""
    templates = templates_of(ORDERS, settings.orders.reference_template)
    found = [fields for one in templates if (fields := fields_in(reference, one))]
    ours = [fields for fields in found if _is_our_store(fields.get("store_id"), settings)]
    return list(dict.fromkeys(fields["increment_id"] for fields in ours))


def _is_our_store(store_id: str | None, settings: Connection) -> bool:
    return store_id is None or settings.store(store_id) is not None
