from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dials import Kind
from sync.checks.absence import absence_is_told
from sync.checks.codes import codes_exist, currencies_are_there
from sync.checks.entities import (
    companies_exist,
    dynamics_answers,
    field_finding,
    fields_exist,
    length_findings,
)
from sync.checks.finding import Level, findings_of
from sync.checks.line_amounts import discounts_are_reckoned_so
from sync.checks.rounding import rounding_agrees
from sync.checks.sent_fields import DIMENSIONS, needed_fields
from sync.checks.sequences import Keyed, number_finding, numbers_fit
from sync.config.connections import Companies, NumberMode
from sync.core.encoding import from_json
from sync.dynamics.metadata import Shape
from sync.preview.example import example_connection
from sync.preview.input_files import orders_in
from tests.checks.conftest import Sandboxes, levels, only_fault
from tests.cli.running import ORDERS
from tests.mapping.connection import previewed


async def test_an_environment_that_fits_is_fine(sandboxes: Sandboxes) -> None:
    for check in (
        dynamics_answers,
        companies_exist,
        fields_exist,
        numbers_fit,
        codes_exist,
        rounding_agrees,
    ):
        assert levels(await sandboxes.found(check)) == {"ok"}, check.__name__


async def test_where_to_see_how_f_and_o_ranks_us_is_told(sandboxes: Sandboxes) -> None:
    """No entity set shows it."""
    told = await sandboxes.found(dynamics_answers, dynamics={"client_id": "1b-2c"})
    assert "Throttling priority mapping) that client id 1b-2c stands there as High" in told[1].what


async def test_a_refused_token_is_told_with_what_to_look_at(sandboxes: Sandboxes) -> None:
    sandboxes.tokens.value = "another"
    fault = only_fault(await sandboxes.found(dynamics_answers))
    assert "401" in fault.what
    assert "Microsoft Entra applications" in fault.cure
    assert fault.cure


async def test_a_company_that_is_not_there_is_told(sandboxes: Sandboxes) -> None:
    found = await sandboxes.found(companies_exist, stores={"1": {"company": "none"}})
    assert [one.level for one in found] == [Level.OK, Level.FAULT]
    assert "no legal entity none" in found[1].what


async def test_every_pair_of_order_entities_has_the_fields_we_use(sandboxes: Sandboxes) -> None:
    for headers, lines in (
        ("SalesOrderHeadersV2", "SalesOrderLines"),
        ("SalesOrderHeadersV4", "SalesOrderLinesV3"),
    ):
        found = await sandboxes.found(
            fields_exist, dynamics={"order_headers": headers, "order_lines": lines}
        )
        assert levels(found) == {"ok"}
        assert len(found) == 5


def test_a_length_of_the_environment_that_differs_is_told_with_the_key_to_write() -> None:
    shape = Shape("CustomerV3", (), {}, {"PersonLastName": 40, "PersonFirstName": 25, "Other": 1})
    needed = {"CustomersV3": ["PersonLastName", "PersonFirstName"]}
    (found,) = length_findings(needed, {"CustomersV3": shape}, {})
    assert found.what == "CustomersV3: PersonLastName holds 40 characters here; we go by 25"
    assert '"CustomersV3.PersonLastName" = 40' in found.cure
    known = {"CustomersV3.PersonLastName": 40}
    assert list(length_findings(needed, {"CustomersV3": shape}, known)) == []


def test_an_entity_set_that_is_missing_is_told_with_those_that_are_there() -> None:
    found = field_finding(
        "SalesOrderHeadersV4", ["Email"], {"SalesOrderHeadersV2": ["Email"], "SalesOrderLines": []}
    )
    assert found.level is Level.FAULT
    assert "no entity set SalesOrderHeadersV4" in found.what
    assert "SalesOrderHeadersV2, SalesOrderLines" in found.cure


def test_every_missing_field_is_told() -> None:
    found = field_finding("CustomersV3", ["A", "B", "C"], {"CustomersV3": {"B"}})
    assert found.what == "CustomersV3 has no field A, C"
    assert found.cure


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({}, {"CustomerRequisitionNumber"}),
        ({"po_field": "", "note_field": "URL"}, {"URL"}),
        ({"lock_prices": True}, {"CustomerRequisitionNumber", "IsPriceLocked"}),
    ],
)
async def test_fields_that_the_configuration_chooses_are_looked_for(
    sandboxes: Sandboxes, changes: Mapping[str, Any], chosen: set[str]
) -> None:
    needed = needed_fields((await sandboxes.probe(orders=changes)).settings)
    names = {
        name
        for entity_set in ("SalesOrderHeadersV4", "SalesOrderLinesV3")
        for name in needed[entity_set]
    }
    assert chosen <= names
    assert ({"CustomerRequisitionNumber", "URL", "IsPriceLocked"} - chosen).isdisjoint(names)


async def test_what_the_mapping_sends_is_what_is_looked_for() -> None:
    connection = example_connection()
    needed = needed_fields(connection)
    sent: dict[str, set[str]] = {}
    for file in ORDERS.glob("*.json"):
        for document in orders_in(from_json(file.read_bytes())):
            found = await previewed(document, connection)
            for request in found.requests:
                sent.setdefault(request.path.removeprefix("/data/"), set()).update(
                    request.body or {}
                )
    assert sent.keys() == {"CustomersV3", "SalesOrderHeadersV4", "SalesOrderLinesV3"}
    for entity_set, names in sent.items():
        assert names - set(DIMENSIONS) <= set(needed[entity_set])


@pytest.mark.parametrize(
    ("mode", "is_mandatory", "is_editable", "level"),
    [
        ("ours", False, True, Level.OK),
        ("ours", True, True, Level.OK),
        ("ours", False, False, Level.FAULT),
        ("theirs", False, True, Level.OK),
        ("theirs", False, False, Level.OK),
        ("theirs", True, True, Level.WARN),
        ("theirs", True, False, Level.OK),
    ],
)
def test_the_number_mode_is_held_against_what_the_metadata_tells(
    mode: str, is_mandatory: bool, is_editable: bool, level: Level
) -> None:
    one = Keyed(
        "SalesOrderHeadersV4", "SalesOrderNumber", "Sales order", NumberMode(mode), "orders.numbers"
    )
    found = number_finding(one, is_mandatory=is_mandatory, is_editable=is_editable)
    assert found.level is level
    assert bool(found.cure) is (level is not Level.OK)


MAPPED: Mapping[str, Mapping[str, Any]] = {
    "stores": {
        "default": {"site": "1", "warehouse": "13", "origin": "WEB"},
        "2": {"warehouse": "24"},
    },
    "customers": {"group": "10", "groups": {"3": "20"}, "payment_terms": "Net30"},
    "items": {"unit": "ea"},
    "orders": {
        "payments": {"checkmo": {"method": "CHECK"}, "purchaseorder": {"terms": "Net10"}},
        "deliveries": {"flatrate_flatrate": "10", "*": "20"},
        "taxes": {"US-CA": {"group": "CA", "item_group": "ALL"}},
        "segments": {"gift_wrapping": {"item": "FEE"}, "gift_cards": {"payment": "CARD"}},
    },
}


async def test_codes_that_are_there_are_fine_whatever_their_case(sandboxes: Sandboxes) -> None:
    found = await sandboxes.found(codes_exist, **{**MAPPED, "items": {"unit": "EA"}})
    assert levels(found) == {"ok"}
    assert len(found) == 12


@pytest.mark.parametrize(
    ("section", "changes", "words"),
    [
        ("stores", {"default": {"site": "9"}}, "site 9"),
        ("stores", {"default": {"warehouse": "99"}}, "warehouse 99"),
        ("stores", {"default": {"origin": "SHOP"}}, "sales origin SHOP"),
        ("customers", {"group": "77"}, "customer group 77"),
        ("customers", {"groups": {"1": "88"}}, "customer group 88"),
        ("customers", {"payment_terms": "Soon"}, "terms of payment Soon (customers.payment_terms)"),
        ("customers", {"currency": "XXQ"}, "currency XXQ (customers.currency)"),
        ("items", {"unit": "dozen"}, "unit dozen"),
        ("orders", {"payments": {"x": {"method": "GOLD"}}}, "method of payment GOLD"),
        (
            "orders",
            {"payments": {"x": {"terms": "Late"}}},
            "terms of payment Late (orders.payments)",
        ),
        ("orders", {"deliveries": {"x": "AIR", "y": "SEA"}}, "mode of delivery AIR, SEA"),
        ("orders", {"taxes": {"x": {"group": "MARS"}}}, "sales tax group MARS"),
        ("orders", {"taxes": {"x": {"item_group": "NONE"}}}, "item sales tax group NONE"),
        ("orders", {"freight_item": "PORTO"}, "service item PORTO"),
        ("orders", {"segments": {"x": {"item": "TIP"}}}, "service item TIP"),
    ],
)
async def test_a_code_that_is_not_there_is_told_with_where_it_stands(
    sandboxes: Sandboxes, section: str, changes: Mapping[str, Any], words: str
) -> None:
    fault = only_fault(await sandboxes.found(codes_exist, **{section: changes}))
    assert fault.level is Level.FAULT
    assert words in fault.what
    assert "usmf" in fault.what or section == "items" or "currency" in changes
    assert fault.cure


async def test_currencies_of_orders_that_f_and_o_lacks_are_told(sandboxes: Sandboxes) -> None:
    probe = await sandboxes.probe()
    assert await findings_of(currencies_are_there, probe) == []
    probe.known.currencies.update({"USD", "XXQ"})
    fault = only_fault(await findings_of(currencies_are_there, probe))
    assert fault.what == "currency XXQ (recent orders) is not in F&O"
    assert "orders in it are parked" in fault.cure


async def test_codes_are_looked_for_in_the_company_of_the_store(sandboxes: Sandboxes) -> None:
    found = await sandboxes.found(codes_exist, stores={"1": {"company": "dat", "warehouse": "99"}})
    assert "in dat" in only_fault(found).what


async def test_the_account_of_guests_must_be_there_when_they_share_one(
    sandboxes: Sandboxes,
) -> None:
    stores = {"1": {"guest_account": "US-404"}}
    found = await sandboxes.found(codes_exist, stores=stores, customers={"guests": "collective"})
    assert "account of guests US-404" in only_fault(found).what
    assert levels(await sandboxes.found(codes_exist, stores=stores)) == {"ok"}


async def test_a_code_that_cannot_be_asked_for_spoils_no_other(sandboxes: Sandboxes) -> None:
    found = await sandboxes.found(codes_exist, orders={"deliveries": {"x": "A*"}})
    assert "cannot be checked" in only_fault(found).what
    assert len(found) > 1


@pytest.mark.parametrize(
    ("configured", "theirs", "level"),
    [
        ({"CHF": "0.05"}, "0.05", {"ok"}),
        ({"CHF": "0.05"}, "0.01", {"fault"}),
        ({"CHF": "0.01"}, "0.05", {"fault"}),
        ({"CHF": "0.05"}, "0", {"ok"}),
        ({"ZZZ": "0.01"}, "0.01", {"fault"}),
        ({"EUR": "0.01"}, "0.05", {"ok", "warn"}),
        ({}, "0.05", {"ok", "warn"}),
    ],
)
async def test_rounding_in_both_places_is_the_same(
    sandboxes: Sandboxes, configured: Mapping[str, str], theirs: str, level: set[str]
) -> None:
    sandboxes.dynamics.put(
        "Currencies", CurrencyCode="CHF", RoundingRuleSalesOrders=Decimal(theirs)
    )
    found = await sandboxes.found(rounding_agrees, dynamics={"rounding": configured})
    assert levels(found) == level


async def test_nothing_is_written_by_any_check(sandboxes: Sandboxes) -> None:
    before = sandboxes.dynamics.snapshot()
    for check in (
        dynamics_answers,
        companies_exist,
        fields_exist,
        numbers_fit,
        codes_exist,
        rounding_agrees,
    ):
        await sandboxes.found(check, **MAPPED)
    assert sandboxes.dynamics.snapshot() == before


async def test_companies_need_more_fields_of_accounts_and_the_contacts(
    sandboxes: Sandboxes,
) -> None:
    probe = await sandboxes.probe()
    flowing = probe.settings.model_copy(update={"flows": ("companies",)})
    found = await findings_of(fields_exist, replace(probe, settings=flowing))
    assert levels(found) == {"ok"}
    needed = needed_fields(flowing)
    assert "AssociatedPartyNumber" in needed["ContactPersons"]
    assert "ContactPersonId" in needed["SalesOrderHeadersV4"]
    assert {"OnHoldStatus", "OrganizationNumber", "EmployeeResponsibleNumber"} <= set(
        needed["CustomersV3"]
    )
    alone = flowing.model_copy(update={"companies": Companies(contacts=False, match=("vat",))})
    assert "ContactPersons" not in needed_fields(alone)
    assert "TaxExemptNumber" in needed_fields(alone)["CustomersV3"]


async def _sell_with_discount(sandboxes: Sandboxes, amount: str) -> None:
    """Three pieces at 10.00 with a discount of 1.00, which come to `amount` there."""
    client = (await sandboxes.probe()).dynamics
    order = await client.create(
        "SalesOrderHeadersV4",
        {"dataAreaId": "usmf", "OrderingCustomerAccountNumber": "US-001", "CurrencyCode": "USD"},
    )
    line = {
        "OrderedSalesQuantity": 3, "SalesPrice": 10, "SalesPriceQuantity": 1,
        "LineDiscountAmount": 1, "CalculateLineAmount": "No", "LineAmount": Decimal(amount),
    }  # fmt: skip
    named = {"SalesOrderNumber": order["SalesOrderNumber"], "ItemNumber": "FREIGHT"}
    await client.create("SalesOrderLinesV3", {"dataAreaId": "usmf", **named, **line})


@pytest.mark.parametrize(
    ("amount", "level", "said"),
    [("27.00", "ok", "as we do (1 "), ("29.00", "fault", "otherwise"), ("5.00", "ok", "yet")],
)
async def test_how_f_and_o_reckons_discounts_is_seen_by_its_lines(
    sandboxes: Sandboxes, amount: str, level: str, said: str
) -> None:
    await _sell_with_discount(sandboxes, amount)
    (finding,) = await sandboxes.found(discounts_are_reckoned_so)
    assert (finding.level, said in finding.what) == (level, True)
    in_prices = {"orders": {"discounts": "price"}}
    assert await sandboxes.found(discounts_are_reckoned_so, **in_prices) == []


async def test_an_environment_that_refuses_to_say_that_nothing_is_there_is_a_fault(
    sandboxes: Sandboxes,
) -> None:
    assert levels(await sandboxes.found(absence_is_told)) == {"ok"}
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=400, where=lambda arrival: "~~~~" in arrival.path
    )
    assert "not there with a refusal" in only_fault(await sandboxes.found(absence_is_told)).what


@pytest.mark.parametrize(("status", "level"), [(403, "warn"), (400, "fault")])
async def test_a_change_of_no_order_shows_rights_and_the_language_of_answers(
    sandboxes: Sandboxes, status: int, level: str
) -> None:
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=status, where=lambda arrival: arrival.method == "PATCH"
    )
    told = only_fault(await sandboxes.found(absence_is_told))
    assert told.level == level
    assert (status == 400) == ("English" in told.cure)


async def test_fields_of_orders_that_nobody_may_enter_or_change_are_told(
    sandboxes: Sandboxes,
) -> None:
    sandboxes.dynamics.settings.closed |= {"SalesOrderLinesV3.SalesPriceQuantity"}
    told = [one for one in await sandboxes.found(fields_exist) if one.level is not Level.OK]
    assert [(str(one.level), one.what.split(":")[1][:21]) for one in told] == [
        ("fault", " nobody may enter Sal"), ("warn", " nobody may change Sa"),
    ]  # fmt: skip
