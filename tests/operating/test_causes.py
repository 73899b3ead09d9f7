"""Records that wait for the same thing are one cause, whatever their numbers and amounts."""

import pytest

from sync.operating.causes import Parked, Waiting, worth_of


def waiting(key: str, reason: str, *, flow: str = "orders", worth: str = "") -> Waiting:
    return Waiting("shop", flow, key, reason, "Mend it.", None, worth=worth)


@pytest.mark.parametrize(
    ("key", "reason", "cause"),
    [
        ("000000042@1", "order 000000042: sku A-1 has no item", "order …: sku A-1 has no item"),
        ("000000042@1", "order 000000042@1: late", "order …: late"),
        ("000000042@1", "lines 12.50 differ from -3.00 EUR", "lines … differ from … EUR"),
        ("42@1", "sku 42-RED has no item for 42", "sku 42-RED has no item for …"),
        ("orders|000000042@1", "000000042 has no number", "… has no number"),
        ("7", "customer 7 of 17 has no group", "customer … of 17 has no group"),
        ("42@1", "version 2.4.8 is too old", "version 2.4.8 is too old"),
    ],
)
def test_a_cause_leaves_out_what_is_the_records_own(key: str, reason: str, cause: str) -> None:
    assert waiting(key, reason).cause == cause


def test_causes_are_listed_by_how_much_they_hold_up() -> None:
    rows = [waiting(f"{n}@1", f"order {n}: sku A has no item") for n in (10, 11, 12)]
    rows += [waiting("20@1", "order 20: sku B has no item")]
    rows += [waiting("10@1", "order 10: sku A has no item", flow="invoices")]
    found = Parked(tuple(rows), is_cut=False).causes
    assert [(one.flow, one.count) for one in found] == [
        ("orders", 3), ("invoices", 1), ("orders", 1),
    ]  # fmt: skip
    assert len({one.id for one in found}) == 3


def test_amounts_are_added_by_currency_to_the_cent() -> None:
    worths = ("0.10 EUR", "0.20 EUR", "1000.00 USD", "")
    assert worth_of(waiting("1", "x", worth=one) for one in worths) == "0.30 EUR, 1,000.00 USD"
