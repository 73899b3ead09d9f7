"""A sales order of D365 as a write: found again, completed, amended while it is open.

`numbers = "ours"`: the primary key refuses a second order, so nobody looks before the first try.
`numbers = "theirs"`: it is found by its reference, account and line references.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.core.errors import Never
from sync.core.money import ZERO
from sync.core.request import Request
from sync.dynamics.adoption import must_be_linkable
from sync.dynamics.documents.requests import order_requests
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.sales_order_changes import (
    Changes,
    as_placed,
    changes_between,
    sent_form,
)
from sync.dynamics.existing_sales_order import STOPPED, ExistingSalesOrder
from sync.dynamics.sales_orders import SalesOrders
from sync.engine.write import Amendment, Apply, Conflict, Found, Target, Write
from sync.flows.left_behind import LeftBehind
from sync.flows.orders.agreement import Progress
from sync.flows.orders.amendment_rules import (
    BY_A_MEMO,
    INVOICED_BEFORE,
    LATE,
    NOTHING_LEFT,
    is_for_a_credit,
    is_for_a_return,
    may_write,
    never_more,
    of_amounts,
)
from sync.flows.orders.order_stops import MOVED, already_stopped, remembered, with_stop

KIND = "sales_order"
HELD: Final = "held|"
"""How the digest of an order begins that is on hold in Commerce."""


@dataclass
class SalesOrderWrite(Write):
    """One sales order, posted as it was placed and then reduced by what was cancelled since.

    `sold`: as if nothing had been refunded. `hold`: why it is on hold in Commerce, if it is.
    `stops`: whether a hold stops its processing in D365; `stop_is_ours`: whether it may have done
    so already. `progress`: tells what D365 has done of it.
    """

    kind: ClassVar[str] = KIND
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    order: SalesOrder
    sold: SalesOrder
    orders: SalesOrders
    target: Target
    left_behind: LeftBehind
    progress: Progress
    hold: str = ""
    stops: bool = False
    stop_is_ours: bool = False
    _moves_stop: bool = field(default=False, init=False)

    @property
    def refuses_second(self) -> bool:  # type: ignore[override]
        """Whether the number is ours, so that D365's primary key refuses a second order."""
        return bool(self.order.number)

    @property
    @override
    def reference(self) -> str:
        return self.order.reference

    @property
    @override
    def expected_number(self) -> str:
        return self.order.number

    @property
    @override
    def digest(self) -> str:
        return f"{HELD}{self.order.current_digest}" if self.hold else self.order.current_digest

    @property
    @override
    def announced(self) -> str:
        return f"{self.digest}{MOVED}" if self._moves_stop or self.stop_is_ours else self.digest

    @property
    @override
    def document(self) -> Any:
        return sent_form(self.order)

    @property
    @override
    def placed(self) -> Any:
        return as_placed(self.order)

    @property
    @override
    def placed_digest(self) -> str:
        return self.order.digest

    @override
    def requests(self) -> Sequence[Request]:
        return order_requests(self.order, self.orders.headers, self.orders.lines)

    @override
    async def find(self) -> Found | None:
        return await self.left_behind.found(self._found, self.order)

    @override
    async def find_taken(self) -> Found | None:
        return await self._found(self.order)

    @override
    async def find_lately(self) -> Found | None:
        return as_found(await self.orders.find(self.order, lately=True))

    @override
    async def linked(self, number: str) -> Found | None:
        held = await self.orders.by_number(self.order.company, number)
        return as_found(must_be_linkable(self.order, number, held))

    async def _found(self, order: SalesOrder) -> Found | None:
        return as_found(await self.orders.find(order))

    @override
    async def create(self, not_after: datetime) -> Found:
        number = await self.orders.create(self.order, not_after=not_after)
        return Found(number, content=None if self.order.number else ExistingSalesOrder(number))

    @override
    def is_whole(self, found: Found) -> bool:
        held: ExistingSalesOrder | None = found.content
        if held is None:  # made a moment ago, header and lines together
            return True
        missing = held.missing(self.order.lines)
        if missing and len(missing) < len(self.order.lines) and not held.is_open:
            raise Never(
                f"order {self.reference}: sales order {found.number} lacks {len(missing)} of its "
                f"lines and is {held.status}",
                remedy=f"Compare the order with {found.number} in D365 and complete it there.",
            )
        return not missing

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        held: ExistingSalesOrder = found.content
        missing = held.missing(self.order.lines)
        await self.orders.complete(self.order, found.number, missing, not_after=not_after)
        return found

    def action_of(self, before: str, *, is_changed: bool) -> str:
        """One that goes on hold is reported as held, one that comes off it as released."""
        was_held = before.startswith(HELD)
        if self.hold and not was_held:
            return "held"
        if was_held and not self.hold:
            return "released"
        return super().action_of(before, is_changed=is_changed)

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        sent = sent or await self.orders.in_form_of(self.document, number)
        form = never_more(self.document, sent)
        form = with_stop(form, sent, self.hold, ours=self.stop_is_ours) if self.stops else form
        changes = changes_between(sent, form)
        if not changes:
            return Amendment(form, keys=NOTHING_LEFT)
        held = await self.orders.by_number(self.order.company, number)
        if held is None:
            raise self._conflict(number, "was deleted in D365", changes)
        if self._is_typed(held) and (changes.added or (held.is_open and changes.touches_lines)):
            again = f"run `relink` with {number}"
            raise self._conflict(number, "has none of our lines", changes, again=again)
        if changes.fixed:
            raise self._conflict(number, f"would need another {', '.join(changes.fixed)}", changes)
        if await self.progress.is_as_wanted(changes, held, self.order.company):
            return Amendment(form, keys=NOTHING_LEFT)
        held = await self.progress.told(held, self.order.company, changes)
        if not held.is_open and not may_write(changes, held):
            return await self._closed(held, form, sent, changes)
        company, is_stop = self.order.company, changes.header.get(STOPPED) == "Yes"
        if is_stop and await self.orders.is_stopped(company, number):
            changes, form = already_stopped(changes, form, ours=self.stop_is_ours)
        self._moves_stop = STOPPED in changes.header
        keys = {**NOTHING_LEFT, **remembered(form)}
        return Amendment(form, self._apply(held, changes) if changes else None, keys)

    def _is_typed(self, held: ExistingSalesOrder) -> bool:
        """Whether a person entered its lines: none of them is ours."""
        return bool(held.lines) and not {*held.lots} & {one.reference for one in self.order.lines}

    async def _closed(
        self, held: ExistingSalesOrder, form: Any, sent: Any, changes: Changes
    ) -> Amendment:
        """Of changes that D365 takes no more. A person is told of those without an amount."""
        rest, late = (changes, []) if held.is_cancelled else of_amounts(changes)
        if late:
            there = await self.orders.in_form_of(form, held.number)
            late = [name for name in late if name in changes_between(there, form).header]
        keys, is_partial = {**NOTHING_LEFT, LATE: ", ".join(late)}, bool(late)
        if await self.progress.is_as_wanted(rest, held, self.order.company):
            return Amendment(None if late else form, keys=keys, is_partial=is_partial)
        if is_for_a_return(rest, held, self.sold):
            return Amendment(None, keys={**keys, **BY_A_MEMO}, is_partial=is_partial)
        if is_for_a_credit(rest, held, sent):
            return Amendment(None, keys={**keys, **INVOICED_BEFORE}, is_partial=is_partial)
        raise self._conflict(held.number, f"is {held.status} in D365", changes, held)

    def _apply(self, held: ExistingSalesOrder, changes: Changes) -> Apply:
        async def apply(not_after: datetime) -> None:
            await self.orders.change(self.order, held, changes, not_after=not_after)

        return apply

    def _conflict(
        self, number: str, why: str, changes: Changes, held: ExistingSalesOrder | None = None,
        again: str = "replay the order",
    ) -> Conflict:  # fmt: skip
        touched = (*changes.patched, *changes.removed)
        what = ", ".join([*changes.header, *(f"line {one}" for one in (*touched, *changes.added))])
        left = {line.reference: line.remaining for line in self.order.lines}
        lines = ", ".join(f"{name}: {left.get(name, ZERO)}" for name in touched[:5])
        quantities = (
            f" Quantities that are wanted there by external item number: {lines}." if lines else ""
        )
        found = {"header": dict(held.header), "lines": [*map(dict, held.lines)]} if held else None
        return Conflict(
            f"order {self.reference} changed in Commerce after sales order {number} was posted, "
            f"and {number} {why}; changed: {what}",
            remedy=(
                f"Both documents are in the trail. Change {number} in D365 to what it shall be, or"
                f" invoice or cancel the rest there; then {again}.{quantities}"
            ),
            found=found,
        )


def as_found(held: ExistingSalesOrder | None) -> Found | None:
    """An order of D365 as what a write or a removal found."""
    return Found(held.number, content=held) if held is not None else None
