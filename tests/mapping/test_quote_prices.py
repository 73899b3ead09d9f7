"""What F&O approved is what the shop shows, to the cent, or nothing is shown at all."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.commerce.models.quote import Quote, ShownTotals
from sync.config.connections import Connection
from sync.config.connections.quotes import Quotes
from sync.core.errors import Never
from sync.core.money import rounded
from sync.dynamics.documents.quotation import HeldQuotation, QuotationLine
from sync.mapping.quote_answer import Answer, answer_from
from sync.mapping.quote_prices import changes, faults, proof
from sync.mapping_tables.records import ItemMapping
from tests.systems import SETTINGS, merged

TODAY = date(2026, 3, 2)


def connection(**quotes: Any) -> Connection:
    return Connection.model_validate(merged(SETTINGS, {"quotes": quotes}))


def quote(*pieces: str, currency: str = "USD", rate: str = "1") -> Quote:
    items = [
        {"item_id": at, "sku": f"S-{at}", "qty": Decimal(qty), "price": Decimal(10)}
        for at, qty in enumerate(pieces, 1)
    ]
    rates = {"base_currency_code": "USD", "quote_currency_code": currency,
             "base_to_quote_rate": Decimal(rate)}  # fmt: skip
    state = {"is_regular_quote": True, "status": "created"}
    return Quote.read({
        "id": 7, "store_id": 1, "items": items, "currency": rates,
        "extension_attributes": {"negotiable_quote": state},
    })  # fmt: skip


def line(at: int, quantity: str, amount: str, **other: Any) -> QuotationLine:
    price = Decimal(other.pop("price", amount)) or Decimal(0)
    reference = other.pop("reference", str(at))
    item = other.pop("item", f"S-{at}")
    return QuotationLine(f"L{at}", reference, item, Decimal(quantity), "ea", price, Decimal(amount))


def held(*lines: QuotationLine, **other: Any) -> HeldQuotation:
    whole = HeldQuotation(
        "usmf", "Q1", "Q1-7", "Sent", "US-001", "USD", False, None, "", "", "", ("", ""),
        Decimal(0), None, lines,
    )  # fmt: skip
    return replace(whole, **other)


def items(of: Quote, factor: str = "1") -> dict[str, ItemMapping]:
    return {
        one.sku.lower(): ItemMapping(one.sku, one.sku, factor=Decimal(factor)) for one in of.items
    }


def answer(of: Quote, there: HeldQuotation, factor: str = "1", **quotes: Any) -> Answer:
    return answer_from(of, there, items(of, factor), connection(**quotes), today=TODAY, version="1")


def shown(of: Quote, rows: list[str], taxed: str = "0", **other: Any) -> ShownTotals:
    percent = Decimal(taxed)
    made: list[dict[str, Any]] = [
        {"item_id": one.item_id, "qty": one.qty, "row_total": Decimal(row), "tax_percent": percent,
         "row_total_incl_tax": rounded(Decimal(row) * (100 + percent) / 100)}
        for one, row in zip(of.items, rows, strict=True)
    ]  # fmt: skip
    sums = {
        "subtotal": sum(one["row_total"] for one in made),
        "subtotal_incl_tax": sum(one["row_total_incl_tax"] for one in made),
        "quote_currency_code": of.currency.quote_currency_code, "items": made,
    }  # fmt: skip
    return ShownTotals.model_validate({**sums, **other})


def state(change: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = change["extension_attributes"]["negotiable_quote"]
    return found


@pytest.mark.parametrize(
    ("pieces", "lines", "discount", "whole", "shares"),
    [
        (["2"], [("2", "160")], "0", "160", ["160"]),
        (["2", "3"], [("2", "18"), ("3", "240")], "0", "258", ["18", "240"]),
        (["1", "1", "1"], [("1", "10"), ("1", "10"), ("1", "10")], "10", "27", ["9", "9", "9"]),
        (["1", "1"], [("1", "0.01"), ("1", "0.01")], "50", "0.01", ["0", "0.01"]),
        (["3", "7"], [("3", "9.99"), ("7", "0.07")], "33.3333", "6.71", ["6.66", "0.05"]),
        (["2"], [("5", "200")], "0", "200", ["200"]),
    ],
)
def test_lines_and_a_discount_on_the_whole_are_what_was_approved(
    pieces: list[str], lines: list[tuple[str, str]], discount: str, whole: str, shares: list[str]
) -> None:
    of = quote(*pieces)
    there = held(
        *(line(at, *one) for at, one in enumerate(lines, 1)), total_discount=Decimal(discount)
    )
    found = answer(of, there)
    assert found.total == Decimal(whole) == there.amount
    assert [one.amount for one in found.lines] == [Decimal(one) for one in shares]
    assert [one.pieces for one in found.lines] == [Decimal(one) for one, _ in lines]


@given(
    amounts=st.lists(st.integers(1, 10**7), min_size=1, max_size=6),
    discount=st.integers(0, 9999),
)  # fmt: skip
def test_shares_of_a_discount_come_to_the_whole(amounts: list[int], discount: int) -> None:
    of = quote(*("1" for _ in amounts))
    there = held(
        *(line(at, "1", f"{cents / 100:.2f}") for at, cents in enumerate(amounts, 1)),
        total_discount=Decimal(discount) / 100,
    )
    found = answer(of, there)
    assert found.total == there.amount
    assert all(one.amount >= 0 for one in found.lines)


@pytest.mark.parametrize(
    ("gross", "meaning", "currency", "rate", "taxed", "value"),
    [
        (False, "net", "USD", "1", "19", "119.00"),
        (True, "gross", "USD", "1", "19", "119.00"),
        (True, "net", "USD", "1", "19", "100.00"),
        (False, "gross", "USD", "1", "19", "141.61"),
        (True, "net", "USD", "1", "8.875", "109.30"),
        (False, "net", "EUR", "0.5", "0", "238.00"),
        (True, "net", "EUR", "0.9137", "19", "109.45"),
    ],
)
def test_a_proposed_total_is_in_the_shops_terms(
    *, gross: bool, meaning: str, currency: str, rate: str, taxed: str, value: str
) -> None:
    of = quote("2", currency=currency, rate=rate)
    found = answer(of, held(line(1, "2", "119"), is_gross=gross, currency=currency))
    settings = Quotes.model_validate({"amounts": meaning})
    first, *others = changes(of, found, shown(of, ["100"], taxed), settings)
    assert state(first) == {"negotiated_price_type": 3, "negotiated_price_value": Decimal(value)}
    assert [state(one)["negotiated_price_value"] for one in others] == [
        Decimal(value) + Decimal("0.01"), Decimal(value) - Decimal("0.01"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pieces", "amounts", "rate", "prices"),
    [
        (["2", "3"], ["18", "240"], "1", ["9", "80"]),
        (["3"], ["100"], "1", None),
        (["2"], ["18"], "2", None),
    ],
)
def test_prices_of_items_are_exact_or_not_used(
    pieces: list[str], amounts: list[str], rate: str, prices: list[str] | None
) -> None:
    of = quote(*pieces, rate=rate)
    lines = [line(at, *one) for at, one in enumerate(zip(pieces, amounts, strict=True), 1)]
    found = changes(of, answer(of, held(*lines)), shown(of, amounts), Quotes(prices="items"))
    assert len(found) == (4 if prices else 3)
    sent = [
        one["extension_attributes"]["negotiable_quote_item"]["extension_attributes"]
        for one in found[0].get("items", ())
    ]
    assert [one["negotiated_price_value"] for one in sent] == [Decimal(one) for one in prices or ()]


@pytest.mark.parametrize(
    ("rows", "other", "fault"),
    [
        (["18", "240"], {}, ""),
        (["18", "239.99"], {}, "goods 257.99, not 258.00"),
        (["17", "241"], {}, ""),
        (["18", "240"], {"subtotal": Decimal(257)}, "rows of 258.00 in a subtotal of 257.00"),
        (["18", "240"], {"discount_amount": Decimal(-8)}, "goods 250.00, not 258.00"),
        (["18", "240"], {"quote_currency_code": "EUR"}, "currency EUR, not USD"),
    ],
)
def test_what_the_shop_shows_otherwise_is_named(
    rows: list[str], other: dict[str, Any], fault: str
) -> None:
    of = quote("2", "3")
    found = answer(of, held(line(1, "2", "18"), line(2, "3", "240")))
    totals = shown(of, rows, **other)
    assert fault in " ".join(faults(found, totals, by_item=False))
    assert bool(faults(found, totals, by_item=False)) is bool(fault)
    assert bool(proof(found, totals).difference) is ("goods" in fault or "subtotal" in fault)


def test_with_prices_of_items_each_row_is_proved() -> None:
    of = quote("2", "3")
    found = answer(of, held(line(1, "2", "18"), line(2, "3", "240")))
    assert faults(found, shown(of, ["17", "241"]), by_item=True)
    assert not faults(found, shown(of, ["18", "240"]), by_item=True)


def test_with_tax_the_sum_with_tax_is_proved() -> None:
    of = quote("1")
    found = answer(of, held(line(1, "1", "119"), is_gross=True))
    assert not faults(found, shown(of, ["100"], "19"), by_item=False)
    assert faults(found, shown(of, ["100.01"], "19"), by_item=False)


@pytest.mark.parametrize(
    ("rows", "moved"),
    [(["18", "240"], ""), (["18.04", "239.96"], ""), (["17", "241"], "0.12 more"),
     (["28", "230"], "1.20 less")],
)  # fmt: skip
@pytest.mark.parametrize("gross", [False, True])
def test_the_tax_of_items_at_several_rates_is_proved(
    rows: list[str], moved: str, *, gross: bool
) -> None:
    of = quote("2", "3")
    found = answer(of, held(line(1, "2", "18"), line(2, "3", "240"), is_gross=gross))
    items = [
        one.model_copy(update={"tax_percent": Decimal(percent)})
        for one, percent in zip(shown(of, rows).items, (7, 19), strict=True)
    ]
    totals = shown(of, rows).model_copy(update={"items": items})
    said = " ".join(faults(found, totals, by_item=False))
    assert bool(said) is bool(moved)
    assert gross or moved in said


def test_freight_is_shown_as_shipping() -> None:
    of = quote("1")
    freight = line(9, "1", "12.50", reference="", item="FREIGHT")
    found = answer(of, held(line(1, "1", "10"), freight))
    (first, *_) = changes(of, found, shown(of, ["10"]), Quotes())
    assert state(first)["shipping_price"] == Decimal("12.50")
    assert "shipping 0.00" in faults(found, shown(of, ["10"]), by_item=False)[0]
    carried = shown(of, ["10"], shipping_amount=Decimal("12.5"))
    assert not faults(found, carried, by_item=False)


@pytest.mark.parametrize(("summed", "carried"), [("20.25", "11.25"), ("21.50", "12.50")])
def test_a_discount_on_the_whole_is_off_freight_where_the_sum_says_so(
    summed: str, carried: str
) -> None:
    freight = line(9, "1", "12.50", reference="", item="FREIGHT")
    tax = Decimal(2)
    there = held(
        line(1, "1", "10"), freight, total_discount=Decimal(10),
        sums=(Decimal(summed) + tax, tax, Decimal(0)),
    )  # fmt: skip
    found = answer(quote("1"), there)
    assert (found.total, found.freight) == (Decimal("9.00"), Decimal(carried))


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        (held(line(1, "1", "10"), currency="EUR"), "is in EUR"),
        (held(line(1, "1", "10"), expires=date(2026, 3, 1)), "expired on 2026-03-01"),
        (held(line(1, "1", "0", price="0")), "no price for S-1"),
        (held(), "no line for S-1"),
        (held(line(1, "1", "10"), line(2, "1", "5", reference="99")), "lines of no item"),
        (held(line(1, "1", "10"), line(2, "1", "5", reference="1")), "several lines"),
        (held(line(1, "0.5", "10")), "are no number of pieces"),
        (
            held(line(1, "1", "10"), sums=(Decimal(15), Decimal(0), Decimal(5))),
            "comes to 10.00 USD and 5.00 of charges",
        ),
        (
            held(line(1, "1", "10"), sums=(Decimal(13), Decimal(2), Decimal(0))),
            "comes to 11.00 USD",
        ),
    ],
)
def test_what_was_not_approved_is_not_offered(there: HeldQuotation, reason: str) -> None:
    of = quote("1")
    factor = "0.3" if "pieces" in reason else "1"
    with pytest.raises(Never, match=reason):
        answer(of, there, factor)


def test_what_is_free_has_its_price_and_a_discount() -> None:
    assert answer(quote("1"), held(line(1, "1", "0", price="10"))).total == 0


def test_quantities_are_in_pieces_whatever_the_unit() -> None:
    of = quote("24")
    found = answer(of, held(line(1, "3", "90")), "0.083333333")
    assert found.lines[0].pieces == 36


@pytest.mark.parametrize(
    ("link", "quotes", "said"),
    [
        ("", {}, " Terms of payment: N30."),
        ("https://c.example/7", {}, " Terms of payment: N30."),
        ("https://c.example/7", {"link": True, "terms": {"N30": "30 days."}},
         " 30 days. https://c.example/7"),
        ("javascript:alert(1)", {"link": True}, " Terms of payment: N30."),
    ],
)  # fmt: skip
def test_terms_are_told_in_words_and_links_where_they_are_wanted(
    link: str, quotes: dict[str, Any], said: str
) -> None:
    there = held(line(1, "1", "10"), terms=("N30", ""), link=link)
    assert answer(quote("1"), there, **quotes).comment.endswith(f"version 1.{said}")
