"""What `check` says of quotes in Dynamics 365 Sales before a buyer asks for one."""

from dataclasses import replace
from typing import Any

import pytest

from sync.checks.finding import Check, Finding, findings_of
from sync.checks.quotes import quotations_are_of_one_side, quotations_can_be_read
from sync.checks.sales_quotes import (
    sales_prices_are_calculated,
    sales_quotes_can_be_written,
    sales_quotes_have_their_columns,
)
from tests.checks.conftest import Sandboxes, levels, only_fault
from tests.dataverse.environment import URL, Environment

CHECKS = (
    sales_quotes_have_their_columns, sales_quotes_can_be_written, sales_prices_are_calculated,
)  # fmt: skip


def named(**sales: Any) -> dict[str, Any]:
    quotes = {"target": "dataverse", "order_field": "SalesOrderName", "sales": sales}
    flows = ["orders", "quotes", "quote_answers"]
    return {"flows": flows, "dataverse": {"url": URL}, "quotes": quotes}


async def found(
    sandboxes: Sandboxes, env: Environment, check: Check, **sales: Any
) -> list[Finding]:
    settings = named(**sales)
    probe = replace(await sandboxes.probe(**settings), dataverse=env.client, clock=env.clock)
    return await findings_of(check, probe)


def organized(env: Environment, **settings: bool) -> None:
    env.state.create("organizations", None, {
        "ispricelistmandatory": False, "oobpricecalculationenabled": True, **settings,
    })  # fmt: skip


async def test_a_sound_environment_has_no_fault(sandboxes: Sandboxes) -> None:
    env = Environment()
    organized(env)
    for check in CHECKS:
        assert levels(await found(sandboxes, env, check)) == {"ok"}, check
    assert env.state.tables["quotes"] == {}


async def test_where_quotes_are_of_f_and_o_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in CHECKS:
        assert await sandboxes.found(check, flows=["orders", "quotes"]) == []
    assert await sandboxes.found(quotations_can_be_read, **named()) == []


@pytest.mark.parametrize(
    ("denied", "told"),
    [("prvReadTransactionCurrency", "transactioncurrencies"), ("prvWriteQuote", "revise quotes")],
)
async def test_a_right_that_is_missing_is_a_fault(
    sandboxes: Sandboxes, denied: str, told: str
) -> None:
    env = Environment()
    env.state.denied.add(denied)
    faults = [
        one for one in await found(sandboxes, env, sales_quotes_can_be_written)
        if one.level == "fault"
    ]  # fmt: skip
    assert any(told in one.what and denied in one.cure for one in faults)


async def test_a_price_list_that_is_demanded_has_to_be_named(sandboxes: Sandboxes) -> None:
    env = Environment()
    organized(env, ispricelistmandatory=True, oobpricecalculationenabled=False)
    told = await found(sandboxes, env, sales_prices_are_calculated)
    assert [(one.level, words in one.what) for one, words in zip(
        told, ("plug-in", "price list"), strict=True
    )] == [("warn", True), ("fault", True)]  # fmt: skip
    lists = {"USD": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    assert "fault" not in levels(
        await found(sandboxes, env, sales_prices_are_calculated, price_lists=lists)
    )


async def test_quotes_of_sales_that_dual_write_brings_are_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.dynamics.put(
        "SalesQuotationHeadersV2", dataAreaId="usmf", SalesQuotationNumber="Q-1",
        SalesQuotationHeaderCreationMethod="Dynamics365Sales", CurrencyCode="USD",
    )  # fmt: skip
    told = only_fault(await sandboxes.found(quotations_are_of_one_side, **named()))
    assert "quotes.target" in told.cure
