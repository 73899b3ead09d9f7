"""What Commerce sends is read leniently where it does not matter, strictly where it does, and never
quoted."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.commerce.models.customer import Customer
from sync.commerce.models.fields import DEEPEST, clean, is_too_deep, number_from, whole_from
from sync.commerce.models.numbered_document import number_of
from sync.commerce.models.order import Order, utc
from sync.core.encoding import from_json
from sync.core.errors import Never
from tests.mapping.made import made, row
from tests.mapping.mutations import JUNK, deep
from tests.mapping.samples import money_names, order

CUSTOMER = {"id": 7, "email": "jane@example.com", "firstname": "Jane"}


def read(**fields: Any) -> Order:
    return Order.read({**made(), **fields})


def refusal(document: Any, model: type[Order | Customer] = Order) -> str:
    with pytest.raises(Never) as refused:
        model.read(document)
    assert refused.value.remedy
    return refused.value.reason


# --- numbers and text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "0"), ("", "0"), ("  ", "0"), (3, "3"), ("3", "3"), (" 3.50 ", "3.50"),
        ("-0.01", "-0.01"), ("+1", "1"), (".5", "0.5"),
        ("5.", "5"), ("1.7763568394003e-15", "1.7763568394003e-15"),
        (Decimal("0.010000000000218"), "0.010000000000218"),
    ],
)  # fmt: skip
def test_a_number_may_come_as_text(value: Any, expected: str) -> None:
    assert number_from(value) == Decimal(expected)


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        1.5,
        [],
        {},
        "NaN",
        "nan",
        "sNaN",
        "Infinity",
        "-inf",
        "1e999999",
        "9" * 400,
        10**15,
        -(10**15),
        Decimal("NaN"),
        Decimal("Infinity"),
        "1,5",
        "1_000",
        "٣",
        "½",
        "0x10",
        "1 000",
        "--1",
        "1e",
        "e5",
        "$5",
        "a:0:{}",
    ],
)
def test_what_is_no_amount_is_refused_in_words_that_do_not_quote_it(value: Any) -> None:
    with pytest.raises(ValueError, match="amount") as refused:
        number_from(value)
    assert len(str(refused.value)) < 60


@given(st.decimals(-(10**15) + 1, 10**15 - 1, places=4, allow_nan=False))
def test_every_amount_a_shop_can_store_is_read_exactly(value: Decimal) -> None:
    assert read(shipping_amount=f"{value:f}").shipping_amount == value


@pytest.mark.parametrize("value", [1, "1", "1.0", Decimal("1.0000")])
def test_an_id_may_come_as_text(value: Any) -> None:
    assert whole_from(value) == 1


@pytest.mark.parametrize(
    "value", [True, "1.5", "x", [], {}, "1e999999", 10**400, Decimal("0.5"), "NaN"]
)
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a whole number"):
        whole_from(value)


@pytest.mark.parametrize("value", [None, "", False])
def test_no_id_is_none(value: Any) -> None:
    assert whole_from(value) is None


@given(st.text(alphabet=st.characters()))
def test_cleaned_text_can_be_stored_and_cleaning_it_again_changes_nothing(text: str) -> None:
    found = clean(text)
    assert found.encode().decode() == found
    assert clean(found) == found
    assert not any(ord(character) < 32 and character not in "\t\n\r" for character in found)


def test_text_keeps_every_letter() -> None:
    assert clean("  Ångström 漢字 𝔘 عربى \n two ") == "Ångström 漢字 𝔘 عربى \n two"


# --- orders


@pytest.mark.parametrize("name", money_names())
def test_a_recorded_order_is_read(name: str) -> None:
    found = Order.read(order(name))
    assert found.grand_total == Decimal(str(order(name)["grand_total"])).quantize(Decimal("0.0001"))
    assert len(found.items) == len(order(name)["items"])
    assert found.key == f"{order(name)['increment_id']}@{order(name)['store_id']}"


@pytest.mark.parametrize("name", ["order_currency_code", "grand_total", "increment_id"])
def test_what_an_order_cannot_do_without_is_asked_for_by_name(name: str) -> None:
    document = made()
    del document[name]
    assert f"{name}: is missing" in refusal(document)


def test_a_fault_deep_inside_is_told_with_its_path_and_not_its_content() -> None:
    document = made(row(), row(price="10.00"))
    document["items"][1]["extension_attributes"] = {"gw_price": "Jane Roe"}
    document["billing_address"]["street"] = [{"secret": "hunter2"}]
    reason = refusal(document)
    assert "items[1].extension_attributes.gw_price: expected an amount" in reason
    assert "billing_address.street[0]: expected text" in reason
    assert not any(word in reason for word in ("Jane", "hunter2", "secret"))


@pytest.mark.parametrize("nothing", [None, "", [], {}])
def test_an_object_that_is_not_there_may_be_written_in_four_ways(nothing: Any) -> None:
    found = read(payment=nothing, billing_address=nothing, extension_attributes=nothing)
    assert (found.payment.method, found.billing_address, found.shipping.method) == ("", None, "")
    assert (
        Order.read(made({**row(), "extension_attributes": nothing}))
        .items[0]
        .extension_attributes.gw_price
        == 0
    )


@pytest.mark.parametrize("value", [0, "0", None, ""])
def test_customer_zero_is_nobody(value: Any) -> None:
    assert read(customer_id=value).customer_id is None


@pytest.mark.parametrize(
    ("written", "tax"),
    [
        (None, "0"),
        ("", "0"),
        ("[]", "0"),
        ([], "0"),
        ('[{"row_amount":6.31,"row_amount_incl_tax":7.5}]', "1.19"),
        ([{"row_amount": "0.010000000000001", "row_amount_incl_tax": "0.01"}], "0"),
    ],
)
def test_fixed_product_tax_lies_in_a_text_of_its_own(written: Any, tax: str) -> None:
    assert Order.read(made(row(weee_tax_applied=written))).items[
        0
    ].fixed_product_tax_tax == Decimal(tax)


@pytest.mark.parametrize(
    "written", ["{", "5", '{"a":1}', "[5]", '[{"row_amount":"NaN"}]', "[" * 3000, 7, True, {"a": 1}]
)
def test_fixed_product_tax_that_cannot_be_read_is_named(written: Any) -> None:
    assert "items[0].weee_tax_applied" in refusal(made(row(weee_tax_applied=written)))


def test_a_payload_of_a_hook_is_not_taken_for_an_order_of_rest() -> None:
    document = {**made(), "addresses": []}
    del document["billing_address"]
    assert "webhook or event payload" in refusal(document)


@pytest.mark.parametrize(
    "document", [deep(DEEPEST + 1), {**made(), "x": deep(100)}, {**made(), "x": deep(5000)}]
)
def test_an_order_nested_deeper_than_any_is_refused(document: Any) -> None:
    assert any(words in refusal(document) for words in ("deeper than any", "found list"))


def test_depth_is_measured_without_going_down() -> None:
    assert is_too_deep(deep(100_000))
    assert not is_too_deep(deep(DEEPEST - 1))
    assert not any(is_too_deep(order(name)) for name in money_names())


@pytest.mark.parametrize("junk", JUNK, ids=lambda value: repr(value)[:20])
def test_no_junk_is_an_order_or_a_customer_or_an_accident(junk: Any) -> None:
    assert len(refusal(junk)) < 1000
    assert len(refusal(junk, Customer)) < 1000
    assert number_of({"increment_id": junk}) == "" or len(number_of({"increment_id": junk})) <= 50


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-11-21 18:17:10", "2026-11-21T18:17:10+00:00"),
        ("2026-11-21T18:17:10Z", "2026-11-21T18:17:10+00:00"),
        ("2026-11-21T18:17:10+02:00", "2026-11-21T18:17:10+02:00"), ("", None),
        ("0000-00-00 00:00:00", None), ("now", None), ("½", None),
    ],
)  # fmt: skip
def test_a_stamp_without_zone_is_utc(stamp: str, expected: str | None) -> None:
    found = utc(stamp)
    assert (found.isoformat() if found else None) == expected


# --- customers


def test_a_customer_is_read_with_the_region_that_rest_nests() -> None:
    address = {
        "id": "3",
        "region": {"region": "California", "region_code": "CA"},
        "street": "One\nTwo",
        "default_billing": True,
    }
    found = Customer.read({**CUSTOMER, "addresses": [{"id": 2, "region": None}, address]})
    assert found.billing is not None
    assert (found.billing.id, found.billing.region, found.billing.region_code) == (
        3,
        "California",
        "CA",
    )
    assert found.billing.street == ["One", "Two"]


def test_a_custom_attribute_is_text_or_nothing() -> None:
    attributes = [
        {"attribute_code": "fno_account", "value": " C-1 "},
        {"attribute_code": "n", "value": 5},
        {"attribute_code": "l", "value": ["x"]},
    ]
    found = Customer.read({**CUSTOMER, "custom_attributes": attributes})
    assert [found.attribute(code) for code in ("fno_account", "n", "l", "absent")] == [
        "C-1",
        "5",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"id": None}, "id"),
        ({"id": 0}, "id"),
        ({"id": -1}, "id"),
        ({"email": ""}, "email"),
        ({"addresses": "x"}, "addresses"),
        ({"addresses": [5]}, "addresses"),
        ({"custom_attributes": {"a": 1}}, "custom_attributes"),
        ({"firstname": ["Jane"]}, "firstname"),
        ({"x": deep(5000)}, "deeper"),
    ],
)
def test_a_customer_that_cannot_be_read_is_refused_by_the_fields_name(
    fields: dict[str, Any], name: str
) -> None:
    reason = refusal({**CUSTOMER, **fields}, Customer)
    assert name in reason
    assert "Jane" not in reason


def test_a_recorded_customer_is_read() -> None:
    from pathlib import Path

    recorded = from_json(
        (
            Path(__file__).parents[1] / "payloads" / "commerce_live" / "customer_get.json"
        ).read_bytes()
    )
    assert Customer.read(recorded["response"]["body"]).id
