"""What must be written to make a posted order agree with the order as it is now, and nothing
more."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync.commerce.models.order import Order
from sync.core.encoding import from_json, to_json
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.sales_order_changes import Changes, changes_between, sent_form
from sync.mapping.sales_order import sales_order_from
from sync.mapping_tables.records import ItemMapping, normal_sku
from tests.mapping.connection import NET, connection
from tests.mapping.made import made, row
from tests.mapping.samples import order

ROWS = (
    row(sku="A", item_id=1, quantity="3", price="3.33"),
    row(sku="B", item_id=2, quantity="2", price="5.00"),
)


def document(found: Any, settings: Any = NET) -> SalesOrder:
    parsed = Order.read(found)
    skus = {item.sku for item in parsed.items}
    items = {normal_sku(sku): ItemMapping(sku, sku) for sku in skus}
    return sales_order_from(parsed, settings, account="C1", items=items)


def changed(before: Any, after: Any, settings: Any = NET) -> Changes:
    return changes_between(sent_form(document(before)), sent_form(document(after, settings)))


def test_an_order_that_did_not_change_needs_nothing() -> None:
    assert not changed(made(*ROWS), made(*ROWS))


def test_what_was_kept_as_json_is_compared_by_value() -> None:
    """The form sent last comes back from the encrypted copy: whole numbers as int, others as
    Decimal."""
    wanted = sent_form(document(order("quantity-001-fractional-us")))
    assert not changes_between(from_json(to_json(wanted)), wanted)


def test_pieces_cancelled_lower_the_quantity_and_nothing_else() -> None:
    after = deepcopy(made(*ROWS))
    after["items"][0]["qty_canceled"] = 1
    found = changed(made(*ROWS), after)
    assert found.patched == {"1": {"OrderedSalesQuantity": 2}}
    assert [*found.header, *found.removed, *found.added, *found.fixed] == []


def test_a_row_cancelled_whole_goes() -> None:
    after = deepcopy(made(*ROWS))
    after["items"][1]["qty_canceled"] = Decimal("2.0000")
    assert changed(made(*ROWS), after).removed == ["2"]


@given(cancelled=st.decimals(-5, 50, places=4, allow_nan=False))
def test_what_is_left_is_never_less_than_nothing_nor_more_than_was_ordered(
    cancelled: Decimal,
) -> None:
    found = deepcopy(made(*ROWS))
    found["items"][0]["qty_canceled"] = cancelled
    (line, _) = document(found).lines
    assert 0 <= line.remaining <= 3
    assert document(found).is_reduced == (cancelled > 0)


def test_a_new_address_or_text_is_a_change_of_the_header() -> None:
    after = made(*ROWS, payment={"method": "checkmo", "po_number": "PO-1"})
    after["extension_attributes"]["shipping_assignments"][0]["shipping"]["address"] |= {
        "city": "Oakland",
        "postcode": "",
    }
    found = changed(made(*ROWS), after)
    assert found.header == {
        "DeliveryAddressCity": "Oakland",
        "DeliveryAddressZipCode": "",
        "CustomerRequisitionNumber": "PO-1",
    }


def test_rows_added_and_gone_are_told_by_reference() -> None:
    found = changed(made(*ROWS), made(ROWS[1], row(sku="C", item_id=9)))
    assert (found.removed, found.added) == (["1"], ["9"])


def test_what_makes_the_document_what_it_is_cannot_be_patched() -> None:
    found = changed(
        made(*ROWS), made(*ROWS, order_currency_code="EUR", customer_id=3, customer_is_guest=0)
    )
    assert found.fixed == ["CurrencyCode"]
    assert not found.header


def test_a_posted_order_keeps_its_number_and_reference_whatever_the_templates_say_since() -> None:
    others = connection(
        orders={
            "number_template": "X{store_id}-{increment_id}",
            "reference_template": "Y{store_id}-{increment_id}",
        }
    )
    assert not changed(made(*ROWS), made(*ROWS), others)
    assert document(made(*ROWS)).current_digest == document(made(*ROWS), others).current_digest


def test_the_digests_tell_placed_from_left_over() -> None:
    reduced = deepcopy(made(*ROWS))
    reduced["items"][0]["qty_canceled"] = 1
    before, after = document(made(*ROWS)), document(reduced)
    assert before.digest == after.digest
    assert before.current_digest != after.current_digest


def test_an_edit_of_a_real_order_and_its_cancelled_predecessor_are_documents_of_their_own() -> None:
    edited, first = order("lifecycle-055-edit-1-us"), order("tax-001-unit-catexcl-shipexcl-nodisc")
    assert document(edited).number != document(first).number
    assert edited["increment_id"].endswith("-1")
