"""Plans without deliveries: a flow's own `plan`, with claims and copies left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.core.errors import Later
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.dynamics.documents.requests import ASSIGNED
from sync.engine.claim import Claim
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.digests import KeyedDigests
from sync.engine.flow import DocumentFlow, SubFlow
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.plan import Delivered, Plan
from sync.engine.systems import Systems
from sync.engine.write import Result, Write
from sync.flows import FLOWS, SUB_FLOWS
from sync.flows.customers.customer_accounts import CustomerAccountWrite
from sync.flows.orders.orders import orders
from sync.flows.orders.sales_order_writes import SalesOrderWrite
from sync.mapping.taken_off import orders_are_invoiced
from sync.preview.presumed import PresumedDynamics
from sync.preview.unasked import EmptyTables

AnyFlow = DocumentFlow[Any] | SubFlow[Any]
BY_NAME: Final[Mapping[str, AnyFlow]] = {
    **{flow.name: flow for flow in FLOWS},
    **{sub_flow.name: sub_flow for sub_flow in SUB_FLOWS},
}


class Unsealed:
    """No copy of a document is kept, so none is sealed."""

    def seal(self, plain: bytes) -> bytes:
        """As it is."""
        return plain

    def open(self, sealed: bytes) -> bytes:
        """As it is."""
        return sealed


LONG_SINCE: Final = timedelta(days=1)


@dataclass
class Planning:
    """The plan of one record, and of what has to be delivered before it. Nothing is carried out.

    `order`: the record itself or the one behind it, whose store tells whether prices include tax.
    `first`: the requests of what an order requires, in the order in which it requires them.
    """

    systems: Systems
    order: Order | None
    first: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = self.systems.settings
        store = settings.store(_store_of(self.order)) if self.order is not None else None
        self.gross = bool(store is not None and store.prices_include_tax)
        self._planned: dict[tuple[str, str], Delivered] = {}
        real = self.systems.dynamics
        asked = None if isinstance(real, PresumedDynamics) else real
        self.dynamics = PresumedDynamics(settings, gross=self.gross, asked=asked)
        self.systems = replace(self.systems, dynamics=self.dynamics)

    async def plan(self, flow: AnyFlow, key: str, record: Any, origin: str) -> Plan | Skipped:
        """What the flow would do about a record that was never delivered, and for which time alone
        brings nothing any more. Raises as it does."""
        systems, tables = self.systems, EmptyTables()
        message = Message(flow.name, systems.name, key, origin, systems.clock.now() - LONG_SINCE)
        delivery = Delivery(
            systems,
            Ledger(tables, systems.clock, KeyedDigests(b"nothing is stored")),
            DocumentCopies(tables, Unsealed(), systems.clock, keep_months=0),
            message,
            Claim(systems.name, flow.name, key),
            self._required,
        )
        return await flow.plan(record, delivery)

    async def _required(
        self, delivery: Delivery, flow_name: str, key: str, record: Any
    ) -> Delivered | Skipped:
        """What another record's plan would come to once it was carried out; that happens once."""
        if (flow_name, key) in self._planned:
            return self._planned[flow_name, key]
        flow = BY_NAME[flow_name]
        if record is None and isinstance(flow, DocumentFlow):
            record = await flow.source.read(key, self.systems)
        if record is None:
            raise Later(f"{flow_name} {key} is not there yet", after=timedelta(seconds=15))
        plan = await self.plan(flow, key, record, "required")
        if isinstance(plan, Skipped):
            return plan
        if delivery.claim.flow == orders.name and flow_name != orders.name:
            self.first += plan.requests()
        writes = [write for write in plan.writes if isinstance(write, Write)]
        for write in writes:
            if isinstance(write, SalesOrderWrite):
                self.dynamics.hold_order(write.order, self._invoiced(record))
            if isinstance(write, CustomerAccountWrite) and not write.account:
                self.dynamics.hold_account(write.wanted.company, _number(write))
        self._planned[flow_name, key] = Delivered(plan, tuple(map(_result, writes)))
        return self._planned[flow_name, key]

    def _invoiced(self, order: Order) -> Sequence[str]:
        """The lines of an order that D365 is presumed to have invoiced: what was shipped, where it
        invoices orders at all."""
        if not orders_are_invoiced(self.systems.settings):
            return ()
        return [str(item.item_id) for item in order.items if item.qty_shipped]


def _result(write: Write) -> Result:
    return Result(write.kind, _number(write), write.digest, "created")


def _number(write: Write) -> str:
    return write.expected_number or ASSIGNED


def _store_of(order: Order) -> int | str:
    return "default" if order.store_id is None else order.store_id
