from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dials import Kind
from sync.checks.codes import codes_exist
from sync.checks.entities import fields_exist
from sync.checks.finding import Check, Finding, Level, findings_of
from sync.checks.invoice_settings import (
    documents_can_be_read,
    free_text_is_taxed,
    posted_sums_can_be_read,
    recipes_go_together,
)
from sync.checks.sent_fields import DIMENSIONS, needed_fields
from sync.checks.sequences import drawn_numbers, numbers_are_drawn, numbers_fit
from sync.config.connections import Connections
from sync.mapping.customer_payment import display_value, first_segment
from tests.checks.conftest import SETTINGS, Sandboxes, levels, only_fault
from tests.mapping.receiving import (
    RECIPES,
    basis,
    books,
    documents_of,
    orders_of,
    preview_creditmemo,
    preview_invoice,
)
from tests.mapping.samples import money, money_names

FLOWS = ("invoices", "creditmemos", "posted_invoices")


async def found_of(
    sandboxes: Sandboxes, check: Check, flows: tuple[str, ...], **sections: Mapping[str, Any]
) -> list[Finding]:
    """What a check finds where these flows are on."""
    probe = await sandboxes.probe(**sections)
    return await findings_of(
        check, replace(probe, settings=probe.settings.model_copy(update={"flows": flows}))
    )


def settings_of(**sections: Any) -> Any:
    document = {**SETTINGS, **sections}
    return Connections.model_validate({"connections": {"shop": document}}).connections["shop"]


@pytest.mark.parametrize("recipe", RECIPES)
async def test_what_the_recipes_send_is_what_is_looked_for(recipe: str) -> None:
    taxes = {"*": {"group": "G", "item_group": "I"}}
    orders = {"taxes": taxes, "payments": {"*": {"method": "CARD"}}}
    settings = books(recipe, orders=orders, creditmemos={"reason": "WEB"}, items={"unit": "ea"})
    needed, sent = needed_fields(settings), dict[str, set[str]]()
    for name in money_names():
        posting_target = basis(settings, orders_of(money(name)))
        for is_memo, document in documents_of(money(name)):
            changed = {**document, "transaction_id": "pi_1"}
            found = await (preview_creditmemo if is_memo else preview_invoice)(
                changed, posting_target
            )
            assert found.outcome != "park", found.reason
            for request in found.requests:
                sent.setdefault(request.path.removeprefix("/data/"), set()).update(
                    request.body or {}
                )
    assert sent
    for entity_set, names in sent.items():
        assert names - set(DIMENSIONS) <= set(needed[entity_set]), entity_set


@pytest.mark.parametrize(
    ("changes", "looked_for"),
    [
        ({"flows": ("orders",)}, {"SalesInvoiceHeadersV2"}),
        (
            {"flows": ("invoices",)},
            {"CustomerPaymentJournalHeaders", "CustomerPaymentJournalLines"},
        ),
        (
            {"flows": ("invoices",), "invoices": {"recipe": "free-text-invoice"}},
            {"FreeTextInvoiceHeaders", "FreeTextInvoiceLines"},
        ),
        (
            {"flows": ("creditmemos",)},
            {"ReturnOrderHeadersV2", "ReturnOrderLinesV2", "SalesInvoiceHeadersV2"},
        ),
        (
            {"flows": ("creditmemos",), "creditmemos": {"recipe": "free-text-credit"}},
            {"FreeTextInvoiceHeaders", "FreeTextInvoiceLines"},
        ),
        (
            {"flows": ("posted_invoices",)},
            {"SalesInvoiceHeadersV2", "FreeTextInvoiceHeaders", "FreeTextInvoiceLines"},
        ),
    ],
)
def test_only_what_is_switched_on_is_looked_for(
    changes: Mapping[str, Any], looked_for: set[str]
) -> None:
    always = {"SalesOrderHeadersV4", "SalesOrderLinesV3", "CustomersV3", "CustomerPostalAddresses"}
    assert set(needed_fields(settings_of(**changes))) == always | looked_for


async def test_the_environment_has_the_fields_of_every_recipe(sandboxes: Sandboxes) -> None:
    for invoices, memos in RECIPES.values():
        sections: dict[str, Mapping[str, Any]] = {
            "invoices": {"recipe": invoices},
            "creditmemos": {"recipe": memos, "refund_payment": True},
        }
        found = await found_of(sandboxes, fields_exist, FLOWS, **sections)
        assert levels(found) == {"ok"}, found


@pytest.mark.parametrize(
    ("section", "changes", "words"),
    [
        ("creditmemos", {"reason": "SULK"}, "return reason SULK"),
        ("creditmemos", {"disposition": "Burn"}, "disposition code Burn"),
        ("orders", {"adjustment_fee_item": "NOFEE"}, "service item NOFEE"),
    ],
)
async def test_a_code_of_returns_that_is_not_there_is_told(
    sandboxes: Sandboxes, section: str, changes: Mapping[str, Any], words: str
) -> None:
    sandboxes.dynamics.put("ReleasedProductsV2", ItemNumber="REFUNDADJ", dataAreaId="usmf")
    sandboxes.dynamics.put("ReleasedProductsV2", ItemNumber="REFUNDFEE", dataAreaId="usmf")
    found = await found_of(sandboxes, codes_exist, ("creditmemos",), **{section: changes})
    fault = only_fault([one for one in found if one.level is Level.FAULT])
    assert words in fault.what
    assert fault.cure


async def test_what_the_environment_does_not_show_is_said_to_be_so(sandboxes: Sandboxes) -> None:
    sections = {
        "invoices": {"recipe": "both", "revenue_account": "401000-001", "banks": {"*": "USMF OPER"}}
    }
    found = await found_of(sandboxes, codes_exist, ("invoices",), **sections)
    assert levels(found) == {"ok"}
    texts = [one.what for one in found]
    assert "journal name WEBPAY cannot be looked up: there is no JournalNames here" in texts
    assert "bank account USMF OPER cannot be looked up: there is no BankAccounts here" in texts
    assert "main account 401000 cannot be looked up: there is no MainAccounts here" in texts


@pytest.mark.parametrize(
    ("sections", "flows", "found_levels"),
    [
        ({"invoices": {"recipe": "free-text-invoice"}}, ("invoices",), {"warn"}),
        (
            {"invoices": {"recipe": "free-text-invoice"}, "orders": {"taxes": {"none": {}}}},
            ("invoices",),
            {"ok"},
        ),
        ({"invoices": {"recipe": "payment-journal"}}, ("invoices",), set()),
        ({"creditmemos": {"recipe": "free-text-credit"}}, ("creditmemos",), {"warn"}),
        ({"creditmemos": {"recipe": "free-text-credit"}}, ("invoices",), set()),
    ],
)
async def test_free_text_without_tax_groups_deserves_a_look(
    sandboxes: Sandboxes,
    sections: Mapping[str, Any],
    flows: tuple[str, ...],
    found_levels: set[str],
) -> None:
    assert levels(await found_of(sandboxes, free_text_is_taxed, flows, **sections)) == found_levels


@pytest.mark.parametrize(
    ("invoices", "memos", "found_levels"),
    [
        ("payment-journal", "return-order", {"ok"}),
        ("free-text-invoice", "free-text-credit", {"ok"}),
        ("both", "free-text-credit", {"ok"}),
        ("both", "return-order", {"warn"}),
        ("free-text-invoice", "return-order", {"warn"}),
        ("payment-journal", "free-text-credit", {"warn"}),
    ],
)
async def test_credit_goes_where_revenue_went(
    sandboxes: Sandboxes, invoices: str, memos: str, found_levels: set[str]
) -> None:
    sections: dict[str, Mapping[str, Any]] = {
        "invoices": {"recipe": invoices},
        "creditmemos": {"recipe": memos},
    }
    assert levels(await found_of(sandboxes, recipes_go_together, FLOWS, **sections)) == found_levels
    assert await found_of(sandboxes, recipes_go_together, ("invoices",), **sections) == []


async def test_documents_are_looked_for_only_where_they_flow(sandboxes: Sandboxes) -> None:
    assert await found_of(sandboxes, documents_can_be_read, ("orders",)) == []
    found = await found_of(sandboxes, documents_can_be_read, FLOWS)
    assert [one.what for one in found] == [
        "invoices can be read (0 in all)",
        "credit memos can be read (0 in all)",
    ]


@pytest.mark.parametrize("account", ["401000", "US-001", "A\\B", "-", "DAT-000011"])
def test_the_first_segment_is_the_account_that_was_escaped(account: str) -> None:
    assert first_segment(f"{display_value(account, '-')}-001-{Decimal(22)}", "-") == account


@pytest.mark.parametrize(
    ("flows", "sections", "keyed", "drawn"),
    [
        (("orders",), {}, {"SalesOrderNumber", "CustomerAccount"}, []),
        (("customers",), {}, {"CustomerAccount"}, []),
        (("creditmemos",), {}, {"ReturnOrderNumber", "RMANumber"}, []),
        (
            ("creditmemos",),
            {"creditmemos": {"recipe": "free-text-credit"}},
            set(),
            ["FreeTextInvoiceHeaders"],
        ),
        (("invoices",), {}, {"JournalBatchNumber"}, ["CustomerPaymentJournalLines"]),
        (
            ("invoices",),
            {"invoices": {"recipe": "both"}},
            {"JournalBatchNumber"},
            ["CustomerPaymentJournalLines", "FreeTextInvoiceHeaders"],
        ),
    ],
)
async def test_every_sequence_that_a_recipe_needs_is_told(
    sandboxes: Sandboxes,
    flows: tuple[str, ...],
    sections: Mapping[str, Any],
    keyed: set[str],
    drawn: list[str],
) -> None:
    found = await found_of(sandboxes, numbers_fit, flows, **sections)
    assert {one.what.partition(" ")[0] for one in found} == keyed
    assert levels(found) <= {"ok"}
    assert [one.entity_set for one in drawn_numbers(settings_of(**sections, flows=flows))] == drawn
    undrawn = await found_of(sandboxes, numbers_are_drawn, flows, **sections)
    assert [one.level for one in undrawn] == [Level.WARN] * len(drawn)
    assert all("automatic" in one.cure for one in undrawn)


async def test_return_orders_are_numbered_as_sales_orders_are(sandboxes: Sandboxes) -> None:
    found = await found_of(sandboxes, numbers_fit, ("creditmemos",), orders={"numbers": "ours"})
    (returns,) = [one.what for one in found if one.what.startswith("ReturnOrderNumber")]
    assert "chosen by us, as long as the number sequence Sales order" in returns


async def test_a_number_that_was_drawn_before_proves_its_sequence(sandboxes: Sandboxes) -> None:
    line = {
        "dataAreaId": "usmf",
        "JournalBatchNumber": "00001",
        "LineNumber": Decimal(1),
        "Voucher": "PAY-000001",
    }
    sandboxes.dynamics.put("CustomerPaymentJournalLines", **line)
    (found,) = await found_of(sandboxes, numbers_are_drawn, ("invoices",))
    assert (found.level, found.what) == (
        Level.OK,
        "the voucher of payment journal WEBPAY is numbered by F&O in usmf",
    )


@pytest.mark.parametrize(
    ("recipe", "is_refused", "level"),
    [
        ("free-text-invoice", True, {"warn"}),
        ("free-text-invoice", False, {"ok"}),
        ("payment-journal", True, set[str]()),
    ],
)
async def test_a_journal_that_tells_no_tax_is_worth_a_look(
    sandboxes: Sandboxes, recipe: str, is_refused: bool, level: set[str]
) -> None:
    if is_refused:
        sandboxes.ledger_dials.next(
            Kind.ERROR_BEFORE, status=403, where=lambda arrival: "CustInvoiceJour" in arrival.path
        )
    found = await found_of(
        sandboxes, posted_sums_can_be_read, ("invoices", "posted_invoices"),
        invoices={"recipe": recipe},
    )  # fmt: skip
    assert levels(found) == level
    if is_refused and found:
        assert "listed as differing" in found[0].cure
