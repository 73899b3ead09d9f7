"""A sales order of D365 as a write: found again, completed, amended while it is open, or removed.

`numbers = "ours"`: the primary key refuses a second order, so nobody looks before the first try.
`numbers = "theirs"`: it is found by its reference, account and line references.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sync.dynamics.sales_orders import Found as HeldOrder
from sync.dynamics.sales_orders import SalesOrders, line_body
from sync.engine.plan import Amendment, Conflict, Found, Removal, Request, Target, Write
from sync.errors import Never
from sync.mapping.order_changes import Changes, as_placed, changes_between, rewritten, sent_form
from sync.mapping.sales_order import SalesOrder

KIND = "sales_order"
ASSIGNED = "(assigned by D365)"
"""Stands for what D365 numbers, where a request is only shown."""


@dataclass(frozen=True)
class SalesOrderWrite(Write):
    """One sales order, posted as it was placed and then reduced by what was cancelled since."""

    kind: ClassVar[str] = KIND
    order: SalesOrder
    orders: SalesOrders
    target: Target

    @property
    def refuses_second(self) -> bool:  # type: ignore[override]
        """Whether the number is ours, so that D365's primary key refuses a second order."""
        return bool(self.order.number)

    @property
    def reference(self) -> str:
        return self.order.reference

    @property
    def digest(self) -> str:
        return self.order.current_digest

    @property
    def document(self) -> Any:
        return sent_form(self.order)

    @property
    def placed(self) -> Any:
        return as_placed(self.order)

    @property
    def placed_digest(self) -> str:
        return self.order.digest

    def requests(self) -> Sequence[Request]:
        order, number = self.order, self.order.number or ASSIGNED
        header = Request("POST", f"/data/{self.orders.headers}", order.header)
        lines = [Request("POST", f"/data/{self.orders.lines}", line_body(order, number, line)) for line in order.lines]
        return [header, *lines]

    async def find(self) -> Found | None:
        return _found(await self.orders.find(self.order))

    async def create(self, not_after: datetime) -> Found:
        return Found(await self.orders.create(self.order, not_after=not_after))

    def is_whole(self, found: Found) -> bool:
        held: HeldOrder = found.content
        missing = [line for line in self.order.lines if line.reference not in held.lots]
        if missing and len(missing) < len(self.order.lines) and not held.is_open:
            raise Never(
                f"order {self.reference}: sales order {found.number} lacks {len(missing)} of its "
                f"lines and is {held.status}",
                remedy=f"Compare the order with {found.number} in D365 and complete it there.",
            )
        return not missing

    async def complete(self, found: Found, not_after: datetime) -> Found:
        held: HeldOrder = found.content
        missing = [line for line in self.order.lines if line.reference not in held.lots]
        await self.orders.complete(self.order, found.number, missing, not_after=not_after)
        return found

    async def amendment(self, number: str, sent: Any | None) -> Amendment | None:
        wanted = self.document
        changes = changes_between(sent, wanted) if sent else None
        if changes is not None and not changes:
            return None
        held = await self.orders.read(self.order.company, number)
        changes = changes or rewritten(wanted, held.lots if held else ())
        if held is None:
            raise self._conflict(number, "was deleted in D365", changes)
        if changes.fixed:
            raise self._conflict(number, f"would need another {', '.join(changes.fixed)}", changes)
        if not held.is_open:
            raise self._conflict(number, f"is {held.status} in D365", changes, held)
        return _Amendment(self, held, changes)

    def _conflict(self, number: str, why: str, changes: Changes, held: HeldOrder | None = None) -> Conflict:
        lines = [f"line {ref}" for ref in (*changes.patched, *changes.removed, *changes.added)]
        what = ", ".join([*changes.header, *lines])
        found = {"header": dict(held.header), "lines": [dict(line) for line in held.lines]} if held else None
        return Conflict(
            f"order {self.reference} changed in Commerce after sales order {number} was posted, "
            f"and {number} {why}; changed: {what}",
            remedy=f"Both documents are in the trail. Decide in D365 what {number} shall be; "
            "replay the order once it is open again.",
            found=found,
        )


@dataclass(frozen=True)
class _Amendment(Amendment):
    write: SalesOrderWrite
    held: HeldOrder
    changes: Changes

    async def apply(self, not_after: datetime) -> None:
        await self.write.orders.change(self.write.order, self.held, self.changes, not_after=not_after)


@dataclass(frozen=True)
class SalesOrderRemoval(Removal):
    """A sales order that was cancelled in Commerce. `order` finds one whose number is not known."""

    kind: ClassVar[str] = KIND
    nothing: ClassVar[str] = "cancelled in Commerce before it was posted"
    company: str
    increment_id: str
    orders: SalesOrders
    target: Target
    order: SalesOrder | None = None

    async def find(self, number: str) -> Found | None:
        """The order. Raises `Never` where it is not open any more: a person decides then."""
        if number:
            held = await self.orders.read(self.company, number)
        else:
            held = await self.orders.find(self.order) if self.order is not None else None
        if held is not None and not held.is_open:
            raise Never(
                f"order {self.increment_id} was cancelled in Commerce, but sales order {held.number} is "
                f"{held.status} in D365",
                remedy=f"Stop or return {held.number} in D365; nothing is changed there by us.",
            )
        return _found(held)

    async def remove(self, found: Found, not_after: datetime) -> None:
        """Lines first, in one changeset."""
        await self.orders.remove(self.company, found.content, not_after=not_after)


def _found(held: HeldOrder | None) -> Found | None:
    return Found(held.number, content=held) if held is not None else None
