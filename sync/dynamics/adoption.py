"""What D365 holds under our reference is taken over only where it is the very document: same
account, currency, amount.

Two records of Commerce can have equal numbers (increment ids are unique per store view only), and
people type references by hand. A record that adopted another one's document would be lost, and that
document be changed; so it parks instead.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sync.core.errors import Never
from sync.core.money import total
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.existing_sales_order import ExistingSalesOrder

WRONGLY_LINKED: Final = (
    "Run `relink` with the right number; or `forget`, so that it is looked for by its reference,"
    " and made if missing. If it is the right one, correct in D365 what differs, then replay. Where"
    " its customer is the right one there, `map customers set` maps the shopper to that account."
)


class AnotherDocument(Never):
    """Our reference or number is on a document that is not this record's; or a person has linked
    the record to it (`is_linked`)."""

    def __init__(
        self, reference: str, target: str, ours: Mapping[str, Any], there: Mapping[str, Any],
        *, is_linked: bool = False,
    ) -> None:  # fmt: skip
        sides = "; ".join(
            f"{name} {_shown(there.get(name))} there, {_shown(ours[name])} here" for name in ours
        )
        has = "was linked to it" if is_linked else "has this reference"
        super().__init__(
            f"{reference}: {target} in D365 {has} and is another document: {sides}",
            remedy=WRONGLY_LINKED
            if is_linked
            else (
                f"Compare both. If {target} is of somebody else, give it another reference in D365,"
                " then replay. If it is this document, correct there what differs, or delete it"
                " while it is open; then replay."
            ),
        )


def must_be_ours(
    reference: str, target: str, ours: Mapping[str, Any], there: Mapping[str, Any],
    *, is_linked: bool = False,
) -> None:  # fmt: skip
    """Raise `AnotherDocument`, naming both, where one of `ours` (account, currency, amount) is
    another one `there`.

    `target` is what a person calls the document in D365. Texts are compared as its database does:
    without regard to case and trailing spaces.
    """
    if any(_folded(there.get(name)) != _folded(value) for name, value in ours.items()):
        raise AnotherDocument(reference, target, ours, there, is_linked=is_linked)


def must_be_this_order(order: SalesOrder, found: ExistingSalesOrder, unit: Decimal) -> None:
    """`must_be_ours` of a sales order in D365. Its lines are compared as far as they are there, at
    the quantities they have: pieces may have been cancelled since they were placed, and charges
    with them. Lines of which none is ours are another order's.
    """
    lines, rows = {line.reference: line for line in order.lines}, found.lines
    mine = [row for row in rows if row.get("ExternalItemNumber") in lines]
    is_strange = bool(rows) and not mine
    worth = total(
        lines[str(row["ExternalItemNumber"])].worth_when_held(
            Decimal(row["OrderedSalesQuantity"]), Decimal(row["LineAmount"]), unit
        )
        for row in mine
    )
    held = total(Decimal(row["LineAmount"]) for row in (rows if is_strange else mine))
    wanted = order.totals.dynamics if is_strange else worth
    ours = {**_named(order.header), "reference": order.reference, "amount": wanted}
    there = {**_named(found.header), "amount": held}
    names = f"order {order.reference}", f"sales order {found.number}"
    if is_strange:
        raise AnotherDocument(*names, ours, there)
    must_be_ours(*names, ours, there)


def must_be_linkable(
    order: SalesOrder, number: str, found: ExistingSalesOrder | None
) -> ExistingSalesOrder | None:
    """The sales order that a person linked, where it stands as they entered it: no line of it is
    ours. None where some are, and it is brought up to date. Raises `Never` where it is gone, and
    `AnotherDocument` for another account or currency, or lines of others with another amount.
    """
    if found is None:
        reason = f"order {order.reference}: {number}, which was linked to it, is not in D365"
        raise Never(reason, remedy=WRONGLY_LINKED)
    is_strange = bool(found.lines) and not {line.reference for line in order.lines} & {*found.lots}
    ours, there = _named(order.header), _named(found.header)
    if is_strange:
        wanted = total(line.left.amount() for line in order.lines if line.left is not None)
        ours, there = {**ours, "amount": wanted}, {**there, "amount": found.total}
    del ours["reference"]
    must_be_ours(f"order {order.reference}", f"sales order {number}", ours, there, is_linked=True)
    return found if is_strange else None


def _named(header: Mapping[str, Any]) -> dict[str, Any]:
    """What tells a sales order from another one, except its amount."""
    return {
        "reference": header.get("CustomersOrderReference"),
        "account": header.get("OrderingCustomerAccountNumber"),
        "currency": header.get("CurrencyCode"),
    }


def _folded(value: Any) -> Any:
    return value.rstrip().casefold() if isinstance(value, str) else value


def _shown(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value or "(none)")
