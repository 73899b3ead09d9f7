"""What reaches F&O fits its fields: numbers whole or not at all, texts cut at a word, nothing but
printable signs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.errors import Never
from sync.dynamics.documents.lengths import NUMBERS, OF_LINES, OURS, TEXTS, fitted
from tests.mapping.connection import connection, parked, previewed
from tests.mapping.fno import header_of
from tests.mapping.made import ADDRESS, made

HEADERS = "SalesOrderHeadersV4"


def sent(field: str, value: str, **lengths: int) -> str:
    return str(fitted(HEADERS, {field: value}, lengths)[field])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Short", "Short"),
        ("a" * 60, "a" * 60),
        ("a" * 61, "a" * 60),
        (f"Dr {'a' * 60}", f"Dr {'a' * 57}"),
        (f"{'word ' * 11}Mountain View", "word word word word word word word word word word word"),
        (f"{'a' * 59} b", "a" * 59),
        (f"{'a' * 60} b", "a" * 60),
        ("\U0001f600" * 31, "\U0001f600" * 30),
        ("A\x00da\x1b\tL.\r\n", "Ada L."),
    ],
)
def test_a_name_is_cut_at_a_word(text: str, kept: str) -> None:
    assert sent("DeliveryAddressName", text) == kept


def test_a_street_keeps_its_lines_and_a_name_does_not() -> None:
    assert sent("DeliveryAddressStreet", "221 Olive St\r\nFloor 2\x07") == "221 Olive St\nFloor 2"
    assert sent("DeliveryAddressName", "Ann\nLee") == "Ann Lee"
    assert sent("OfAnExtension", "Ann\r\nLee\x00") == "Ann\r\nLee"


def test_a_length_of_the_environment_may_be_of_one_entity_set() -> None:
    assert sent("FirstName", "x" * 30, **{f"{HEADERS}.FirstName": 28}) == "x" * 28
    assert sent("FirstName", "x" * 30, **{"CustomersV3.FirstName": 28}) == "x" * 25


@pytest.mark.parametrize("field", NUMBERS)
def test_a_refused_number_is_quoted_only_where_it_is_ours(field: str) -> None:
    with pytest.raises(Never) as refused:
        sent(field, "7" * 300)
    assert ("777" in refused.value.reason) is (field in OURS)


@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_that_is_too_long_is_refused_with_the_key_that_says_otherwise(field: str) -> None:
    longest = NUMBERS[field]
    assert sent(field, "7" * longest) == "7" * longest
    with pytest.raises(
        Never, match=f"{field} would have {longest + 1} characters, and F&O holds {longest}"
    ) as refused:
        sent(field, "7" * (longest + 1))
    assert f"{field} = <characters> under dynamics.lengths" in refused.value.remedy
    assert sent(field, "7" * (longest + 1), **{field: longest + 1})


def test_the_same_field_is_as_long_as_its_entity_set_says() -> None:
    text = "x" * 300
    assert len(str(fitted("FreeTextInvoiceLines", {"Description": text}, {})["Description"])) == 255
    assert (
        len(str(fitted("CustomerPaymentJournalHeaders", {"Description": text}, {})["Description"]))
        == 60
    )


@given(text=st.text(max_size=400), field=st.sampled_from([*TEXTS, *NUMBERS]))
def test_nothing_is_sent_that_does_not_fit(text: str, field: str) -> None:
    entity_set, _, name = field.rpartition(".")
    try:
        found = fitted(entity_set, {name: text}, {})[name]
    except Never:
        assert field in NUMBERS
        return
    assert len(found.encode("utf-16-le")) // 2 <= {**TEXTS, **NUMBERS}[field]
    assert all(sign >= " " or (sign == "\n" and name in OF_LINES) for sign in found)
    assert fitted(entity_set, {name: found}, {}) == {name: found}


async def test_a_preview_shows_what_is_sent_and_parks_what_cannot_be() -> None:
    street = ["Long Road of Many Words and Turns "] * 9
    address = {**ADDRESS, "street": street}
    order = made()
    order["extension_attributes"]["shipping_assignments"][0]["shipping"]["address"] = address
    header = header_of((await previewed(order)).requests)
    assert len(header["DeliveryAddressStreet"]) <= 250
    purchase = made(payment={"method": "checkmo", "po_number": "PO-2026-000000000000042"})
    assert "CustomerRequisitionNumber would have 23 characters" in await parked(purchase)
    longer = connection(dynamics={"lengths": {"CustomerRequisitionNumber": 35}})
    assert (await previewed(purchase, longer)).outcome == "deliver"
