"""Small inputs after public bug reports of shops, and recorded on a shop of ours: `preview` answers
each as its trouble demands."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import ROOT, Line

REPORTS = Path(__file__).parents[1] / "payloads" / "field_reports"

CASES = [
    # Two store views may number alike: neither their references nor their numbers meet.
    ("two_stores_same_numbers", "invoices", "deliver", ""),
    # What is refunded and was never shipped is not left to be shipped.
    ("closed_unshipped", "orders", "skip", "refunded in Commerce"),
    # A way to pay that moves no money makes no payment line.
    ("on_account_terms", "invoices", "skip", "moves no money"),
    # Tax that no row and no shipping carries; tax without a base or a code.
    ("memo_tax_whole_order", "creditmemos", "park", r"\d+\.\d\d.*tax.*\d+\.\d\d"),
    ("memo_shiptax_no_ship", "creditmemos", "park", "tax"),
    ("order_tax_header_only", "orders", "park", r"tax_amount is \d+\.\d\d"),
    ("tax_without_codes", "orders", "park", "tax"),
    ("avatax39", "orders", "park", "tax"),
    ("tax_codes_ok", "orders", "deliver", ""),
    # Documents that cannot be.
    ("memo_negative", "creditmemos", "park", "-"),
    ("memo_other_currency", "creditmemos", "park", "EUR.*USD|USD.*EUR"),
    ("ship_to_without_city_and_street", "orders", "park", "street|city"),
    ("state_null", "orders", "park", "state"),
    # States of Commerce that hold or end an order.
    ("async_rejected", "orders", "skip", "rejected"),
    ("processing_fraud", "orders", "skip", "fraud"),
    # Shapes of Commerce 2.4.9, and a bundle's discount.
    ("fixed_bundle_249_two", "orders", "deliver", ""),
    ("fixed_bundle_249_type009", "orders", "deliver", ""),
    ("frac_net_249", "orders", "deliver", ""),
    ("bundle_disc_on_parent", "orders", "deliver", ""),
    # Customers: an address that cannot be mapped, and another website's.
    ("customer_second_address_xk", "customers", "deliver", "address 2 is left out"),
    ("customer-5-of-website-2", "customers", "skip", "website 2"),
    # Recorded orders. How an amended one is shown is a test of the flow, and what `check` says of
    # the free one is a test of `check`.
    ("ny_new_year_invoice", "invoices", "deliver", ""),
    ("order-000000021-free-no-tax", "orders", "deliver", ""),
    ("order-000000106-part-cancelled", "orders", "deliver", ""),
]

CONFIGURATIONS = {
    "on_account_terms": "terms.toml",
    "tax_codes_ok": "taxes.toml",
    "tax_without_codes": "taxes.toml",
}


def previewed(line: Line, name: str, kind: str) -> list[dict[str, Any]]:
    """What `preview KIND FILE --json` answers."""
    config = CONFIGURATIONS.get(name)
    with_config = ("--config", REPORTS / config) if config else ()
    return line("preview", kind, REPORTS / f"{name}.json", "--json", *with_config).documents


@pytest.mark.parametrize(("name", "kind", "outcome", "reason"), CASES)
def test_each_report_is_answered_as_its_trouble_demands(
    line: Line, name: str, kind: str, outcome: str, reason: str
) -> None:
    answers = previewed(line, name, kind)
    assert [answer["outcome"] for answer in answers] == [outcome] * len(answers)
    assert all(re.search(reason, answer["reason"]) for answer in answers)
    assert all(answer["remedy"] for answer in answers if outcome == "park")
    for answer in answers:
        difference = answer["totals"]["difference"]
        assert outcome != "deliver" or difference is None or Decimal(difference) == 0


def test_documents_of_two_stores_with_equal_numbers_share_no_reference(line: Line) -> None:
    first, second = previewed(line, "two_stores_same_numbers", "invoices")
    assert _references(first).isdisjoint(_references(second))
    assert _references(first)


def _references(answer: dict[str, Any]) -> set[str]:
    bodies = (request["body"] for request in answer["requests"])
    return {body["CustomerReference"] for body in bodies if "CustomerReference" in body}


def test_an_invoice_of_new_years_eve_is_dated_where_the_ledger_is(
    line: Line, tmp_path: Path
) -> None:
    text = (ROOT / "sync" / "preview" / "example_connection.toml").read_text()
    config = tmp_path / "connections.toml"
    config.write_text(
        text.replace('company = "usmf"', 'company = "usmf"\ntime_zone = "America/New_York"')
    )
    file = REPORTS / "ny_new_year_invoice.json"
    (answer,) = line("preview", "invoices", file, "--json", "--config", config).documents
    assert answer["requests"][0]["body"]["InvoiceDate"] == "2026-12-31"


def test_a_rows_discount_of_a_bundle_is_spread_over_its_children(line: Line) -> None:
    (answer,) = previewed(line, "bundle_disc_on_parent", "orders")
    order = json.loads((REPORTS / "bundle_disc_on_parent.json").read_text())
    assert Decimal(answer["totals"]["commerce"]) == Decimal(str(order["grand_total"]))
