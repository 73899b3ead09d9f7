"""What the shop's database holds of an order: columns as they are stored, before REST rewrites them
while answering."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.commerce.recipe import Recipe

Columns = dict[str, Any]
"""Column -> value. Amounts are `Decimal`, flags 0 or 1, times `YYYY-MM-DD hh:mm:ss` in UTC, absent
or None is NULL."""

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Visible since ever."""


@dataclass
class StoredOrder:
    """One order with its child rows. `visible_from` is when its transaction commits: before that
    nobody reads it.

    `items` are flat (children name their parent in `parent_item_id`) and hold the true row totals.
    `extension` is what REST shows as extension attributes, without the shipping assignments, which
    are put together while answering. `in_parts`: products of bundles whose parts are
    shipped separately, as when it was placed. `recipe` is what it was made from, so that an
    administrator can edit it.
    """

    row: Columns
    items: list[Columns]
    billing: Columns
    payment: Columns
    shipping: Columns | None = None
    shipping_method: str | None = None
    comments: list[Columns] = field(default_factory=list)
    extension: Columns = field(default_factory=dict)
    invoices: list[Columns] = field(default_factory=list)
    creditmemos: list[Columns] = field(default_factory=list)
    shipments: list[Columns] = field(default_factory=list)
    in_parts: frozenset[int] = frozenset()
    recipe: "Recipe | None" = None
    visible_from: datetime = ALWAYS

    @property
    def entity_id(self) -> int:
        """The primary key; 0 before the order is placed."""
        return int(self.row.get("entity_id") or 0)

    def amount(self, column: str) -> Decimal:
        """A money column of the order; NULL is zero."""
        return amount(self.row, column)

    def column(self, name: str) -> Any:
        """What searchCriteria sees: the row of `sales_order`, where the shipping method is a column
        as well."""
        return self.shipping_method if name == "shipping_method" else self.row.get(name)


def amount(columns: Columns, column: str) -> Decimal:
    """A money column; NULL is zero."""
    return Decimal(columns.get(column) or 0)


def stamp(moment: datetime) -> str:
    """A time as the database writes it: UTC, whole seconds, no zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
