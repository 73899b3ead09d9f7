"""What may be changed of a sales order that D365 holds, and what is left to people there. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from sync.core.money import ZERO
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.sales_order_changes import Changes
from sync.dynamics.existing_sales_order import STOPPED, ExistingSalesOrder
from sync.mapping.order_left import FIXED_PRODUCT_TAX

AMOUNTS: Final = frozenset({
    "OrderedSalesQuantity", "SalesPrice", "SalesPriceQuantity", "LineDiscountAmount",
})  # fmt: skip
"""Fields of a line that tell what its pieces cost."""

INVOICED_BEFORE: Final = {"invoiced": "before it was changed in Commerce"}
"""What the claim remembers of an order that D365 had invoiced when pieces were cancelled."""
LATE: Final = "changed too late"
RETURNED: Final = "returned"
BY_A_MEMO: Final = {RETURNED: "by a credit memo"}
NOTHING_LEFT: Final = {LATE: "", RETURNED: ""}
"""What the claim remembers of changes that D365 did not take: fields of the header that changed too
late, and pieces that a credit memo returns."""
OF_MONEY: Final = frozenset({
    STOPPED, "SalesTaxGroupCode", "CustomerPaymentMethodName", "PaymentTermsName",
})  # fmt: skip
"""Fields of the header by which an order is taxed and paid, or stands still."""
OF_SETTINGS: Final = frozenset({
    "SalesOrderOriginCode", "DefaultShippingSiteId", "DefaultShippingWarehouseId", "LanguageId",
    "SkipCreateAutoCharges", "IsDeliveryAddressOrderSpecific",
})  # fmt: skip
"""Fields that our configuration decides: what they say is over once the goods are on their way."""


def of_amounts(changes: Changes) -> tuple[Changes, list[str]]:
    """The changes without those of the header that no amount depends on, such as the address; and
    the names of those that a person has to know of."""
    others = changes.header.keys() - OF_MONEY
    header = {name: value for name, value in changes.header.items() if name not in others}
    return replace(changes, header=header), sorted(others - OF_SETTINGS)


def never_more(form: dict[str, Any], sent: Any) -> dict[str, Any]:
    """Pieces that were taken off once stay off: Commerce ships what was refunded if it is told to
    ship all that is left."""
    before: Mapping[str, Any] = sent["lines"] if sent else {}
    lines = {
        name: before[name] if _is_more(name, body, before.get(name, body)) else body
        for name, body in form["lines"].items()
    }
    return {**form, "lines": lines}


def _is_more(name: str, wanted: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Of a row more pieces; of fixed product tax, which is a line of one piece, more money."""
    told = "SalesPrice" if name.startswith(FIXED_PRODUCT_TAX) else "OrderedSalesQuantity"
    return bool(wanted[told] > before[told])


def may_write(changes: Changes, found: ExistingSalesOrder) -> bool:
    """A stop may be set and lifted while something is left to be shipped."""
    is_stop = set(changes.header) == {STOPPED} and not (
        changes.patched or changes.removed or changes.added
    )
    return is_stop and not found.is_shipped and not found.is_cancelled


def is_agreed(
    changes: Changes, held: Mapping[str, Decimal], also: frozenset[str] = frozenset()
) -> bool:
    """Whether F&O has it as it is wanted already: its quantities (`held`) are. `also`: what else
    may differ of a line then."""
    quantity = "OrderedSalesQuantity"
    as_wanted = all(
        quantity in fields and not fields.keys() - {quantity} - also
        and held.get(name, ZERO) == fields[quantity]
        for name, fields in changes.patched.items()
    )  # fmt: skip
    return (
        as_wanted
        and not changes.header
        and not changes.added
        and not set(changes.removed) & held.keys()
    )


def is_for_a_return(changes: Changes, found: ExistingSalesOrder, sold: SalesOrder) -> bool:
    """Whether D365 has shipped it all, and only what was refunded would be taken off: the credit
    memo returns that. A line that both have cancelled is agreed."""
    rest = {line.reference: line.remaining for line in sold.lines}
    touched = {*changes.patched, *changes.removed} & found.quantities.keys()
    touched -= {name for name in found.cancelled if _is_taken_off(name, changes)}
    if set(changes.header) - {STOPPED} or changes.added or not found.is_shipped:
        return False
    return all(rest.get(name, ZERO) >= found.quantities[name] for name in touched)


def _is_taken_off(name: str, changes: Changes) -> bool:
    fields = changes.patched.get(name, {})
    return name in changes.removed or fields.get("OrderedSalesQuantity") == ZERO


def is_for_a_credit(
    changes: Changes, found: ExistingSalesOrder, sent: Mapping[str, Any] | None
) -> bool:
    """Whether D365 has invoiced it all, and only pieces would be taken off: nothing of it can be
    changed there, and a person credits what is too much."""
    if set(changes.header) - {STOPPED} or changes.added or changes.fixed:
        return False
    before = sent["lines"] if sent else {}
    return found.is_invoiced and all(
        _is_less(fields, before.get(name), found.quantities.get(name, ZERO))
        for name, fields in changes.patched.items()
    )


def _is_less(fields: Mapping[str, Any], before: Any, there: Decimal) -> bool:
    """Whether a change of a line takes pieces off, and changes nothing but what that changes."""
    quantity = fields.get("OrderedSalesQuantity", (before or {}).get("OrderedSalesQuantity", there))
    return before is None or (set(fields) <= AMOUNTS and quantity <= there)
