"""What `check` says of quotes before a buyer asks for one."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.dials import Kind
from sync.checks.entities import fields_exist
from sync.checks.quotes import (
    files_take_no_id,
    orders_take_quotations,
    proposed_prices_mean,
    quotations_are_of_one_side,
    quotations_can_be_read,
    quotes_are_shown,
)
from tests.checks.conftest import Sandboxes, levels, only_fault

CHECKS = (
    quotations_can_be_read, quotes_are_shown, orders_take_quotations, quotations_are_of_one_side,
    files_take_no_id,
)  # fmt: skip


def with_quotes(**quotes: Any) -> dict[str, Any]:
    flows = ["orders", "quotes", "quote_answers", "quote_templates"]
    return {"flows": flows, "quotes": quotes}


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    for check in (*CHECKS, fields_exist):
        found = await sandboxes.found(check, **with_quotes(files="account"))
        assert levels(found) == {"ok"}, check


async def test_where_quotes_do_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in (*CHECKS, proposed_prices_mean):
        assert await sandboxes.found(check) == []


async def test_quotations_that_a_role_may_not_see_are_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=403, where=lambda one: "SalesQuotationLines" in one.path
    )
    found = only_fault(await sandboxes.found(quotations_can_be_read, **with_quotes()))
    assert "SalesQuotationLines" in found.what


@pytest.mark.parametrize(("reads", "told"), [(True, "each cart is read"), (False, "are found")])
async def test_lists_that_tell_of_quotes_save_requests(
    sandboxes: Sandboxes, *, reads: bool, told: str
) -> None:
    sandboxes.commerce.request_quote(SHOPPERS[1], STORES[0], {"SIMPLE-001": 1})
    settings = with_quotes(reads_each_cart=reads, prices="items")
    first, second = await sandboxes.found(quotes_are_shown, **settings)
    assert told in first.what
    assert "may not have it" in second.what


async def test_a_quotations_number_that_orders_do_not_take_is_a_fault(
    sandboxes: Sandboxes,
) -> None:
    sandboxes.dynamics.settings.closed |= {"SalesOrderHeadersV4.QuotationNumber"}
    found = only_fault(await sandboxes.found(orders_take_quotations, **with_quotes()))
    assert "order_field" in found.cure
    name = with_quotes(order_field="SalesOrderName")
    assert levels(await sandboxes.found(orders_take_quotations, **name)) == {"ok"}


async def test_files_whose_id_f_and_o_does_not_choose_are_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.dynamics.settings.mandatory |= {"CustomerAttachmentsV2.DocumentId"}
    found = only_fault(await sandboxes.found(files_take_no_id, **with_quotes(files="account")))
    assert "quotes with files would be parked" in found.what
    assert await sandboxes.found(files_take_no_id, **with_quotes()) == []


@pytest.mark.parametrize(
    ("is_gross", "amounts", "level"),
    [(False, "net", "ok"), (True, "gross", "ok"), (True, "net", "fault")],
)
async def test_what_a_proposed_price_means_is_read_from_one(
    sandboxes: Sandboxes, *, is_gross: bool, amounts: str, level: str
) -> None:
    settings = with_quotes(amounts=amounts)
    assert levels(await sandboxes.found(proposed_prices_mean, **settings)) == {"warn"}
    shop = sandboxes.commerce
    shop.quotes_are_gross = is_gross
    quote = shop.request_quote(SHOPPERS[1], STORES[1], {"SIMPLE-006": 2})
    quote.negotiated = (3, Decimal(160))
    assert levels(await sandboxes.found(proposed_prices_mean, **settings)) == {level}


async def test_quotations_that_dual_write_brings_are_told(sandboxes: Sandboxes) -> None:
    sandboxes.dynamics.put(
        "SalesQuotationHeadersV2", dataAreaId="usmf", SalesQuotationNumber="Q-1",
        SalesQuotationHeaderCreationMethod="Dynamics365Sales", CurrencyCode="USD",
    )  # fmt: skip
    assert levels(await sandboxes.found(quotations_are_of_one_side, **with_quotes())) == {"warn"}
