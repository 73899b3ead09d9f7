"""What must hold for stock, prices, products, shipments and cancellations."""

from typing import Any

import pytest

from sync.config.connections import Cancellations, Shipments, Stock
from sync.config.file.cancellation_rules import cancellation_breaches
from sync.config.file.capture_rules import capture_breaches
from sync.config.file.outgoing_rules import outgoing_breaches
from sync.config.file.portal_rules import portal_breaches
from sync.config.file.price_rules import price_breaches
from sync.config.file.product_rules import product_breaches
from sync.config.file.shipment_rules import shipment_breaches
from sync.config.file.status_rules import status_breaches
from sync.config.file.stock_rules import stock_breaches

PATH = ("connections", "main")


@pytest.mark.parametrize(
    ("stock", "place"),
    [
        ({"sources": {"13": "default"}}, None),
        ({}, "sources"),
        ({"sources": {"13": " "}}, "13"),
        ({"sources": {"13": "east"}, "inventory": "stock-items"}, "13"),
        ({"sources": {"13": "default"}, "inventory": "stock-items"}, None),
        ({"sources": {"13": "default"}, "safety": {"*": -1}}, "*"),
    ],
)
def test_stock_needs_sources_that_the_shop_can_have(
    stock: dict[str, Any], place: str | None
) -> None:
    found = list(stock_breaches(PATH, {"flows": ["stock"], "stock": stock}))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


@pytest.mark.parametrize(
    ("prices", "stores", "place"),
    [
        ({"currency": "USD"}, {}, None),
        ({}, {}, "currency"),
        ({"currency": "USD", "groups": {"A": ""}}, {}, "A"),
        ({"currency": "USD", "groups": {"A": "X"}, "customers": {"B": "x"}}, {}, "B"),
        ({"currency": "USD", "customers": {" ": "x"}}, {}, " "),
        ({"currency": "USD", "groups": {"A": "X"}, "discount_groups": {"A": "L"}}, {}, "A"),
        (
            {
                "currency": "USD",
                "groups": {"A": "X"},
                "discount_groups": {"A": "L"},
                "line_discounts": True,
                "customers": {"B": "Y"},
                "website": 2,
                "store_view": 3,
            },
            {},
            None,
        ),
        ({"currency": "USD", "line_discounts": True, "discount_groups": {"A": "L"}}, {}, "A"),
        ({"currency": "USD", "website": 2}, {}, "website"),
        (
            {"currency": "USD", "website": 2, "store_view": 3},
            {"1": {"prices_include_tax": True}, "3": {"prices_include_tax": False}},
            None,
        ),
        (
            {"currency": "USD", "website": 2, "store_view": 3},
            {"3": {"prices_include_tax": True}},
            "tax_included",
        ),
        ({"currency": "USD"}, {"1": {"prices_include_tax": True}}, "tax_included"),
        ({"currency": "USD", "tax_included": True}, {"1": {"prices_include_tax": True}}, None),
        ({"currency": "USD"}, {"1": {"prices_include_tax": False}}, None),
    ],
)
def test_prices_need_a_currency_and_the_shops_way_to_count_tax(
    prices: dict[str, Any], stores: dict[str, Any], place: str | None
) -> None:
    written = {"flows": ["prices"], "prices": prices, "stores": stores}
    found = list(price_breaches(PATH, written))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


@pytest.mark.parametrize(
    ("products", "place"),
    [
        ({"fields": ["name"]}, None),
        ({}, "fields"),
        ({"views": {"de": {"language": "de"}}}, None),
        ({"views": {"all": {"language": "de"}}}, "all"),
        ({"fields": ["tax_class"]}, "tax_classes"),
        ({"fields": ["tax_class"], "tax_classes": {"FULL": "Taxable Goods"}}, None),
        ({"fields": ["name"], "options": "create"}, "options"),
        ({"fields": ["name"], "attributes": {"cost": {"name": "Cost"}}}, "cost"),
        ({"fields": ["name"], "barcode": "ean"}, None),
        ({"fields": ["name"], "configurables": True}, "configurables"),
        ({"fields": ["name"], "categories": {"1": 3}}, "categories"),
        ({"fields": ["name"], "configurables": True, "dimensions": {"size": "size"}}, None),
        ({"fields": ["weight"], "weight_factor": "0"}, "weight_factor"),
    ],
)
def test_products_need_fields_that_f_and_o_owns(
    products: dict[str, Any], place: str | None
) -> None:
    found = list(product_breaches(PATH, {"flows": ["products"], "products": products}))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


@pytest.mark.parametrize(
    ("shipments", "stock", "flows", "place"),
    [
        ({"sources": {"13": "default"}}, {}, ["orders"], None),
        ({}, {"sources": {"13": "default"}}, ["orders"], None),
        ({}, {"inventory": "stock-items"}, ["orders"], None),
        ({}, {}, ["orders"], "sources"),
        ({"sources": {"13": "default"}}, {}, [], "shipments"),
        ({"sources": {"13": " "}}, {}, ["orders"], "13"),
        ({"sources": {" ": "default"}}, {}, ["orders"], " "),
        ({"sources": {"13": "a"}, "carriers": {"": {"code": "ups", "title": "UPS"}}}, {},
         ["orders"], ""),
    ],
)  # fmt: skip
def test_shipments_need_orders_and_sources(
    shipments: dict[str, Any], stock: dict[str, Any], flows: list[str], place: str | None
) -> None:
    written = {"flows": [*flows, "shipments"], "shipments": shipments, "stock": stock}
    found = list(shipment_breaches(PATH, written))
    assert [one.path[-1] for one in found] == ([place] if place is not None else [])
    assert all(one.what and one.remedy for one in found)


@pytest.mark.parametrize(
    ("captures", "invoices", "flows", "place"),
    [
        ({"methods": {"braintree": "at_invoice", "*": "never"}}, {}, ["orders", "invoices"], None),
        ({"methods": {"checkmo": "never"}}, {"recipe": "both"}, ["orders"], None),
        ({"authorisation_days": {"*": 7}}, {}, ["orders", "status"], None),
        ({"authorisation_days": {"*": 7}}, {}, ["orders"], "authorisation_days"),
        ({}, {}, [], "captures"),
        ({}, {"recipe": "both"}, ["orders", "invoices"], "recipe"),
        ({"methods": {"checkmo": "at_invoice"}}, {}, ["orders"], "checkmo"),
        ({"credits": {"braintree": "online", "checkmo": "record"}}, {}, ["orders"], None),
        ({"credits": {"checkmo": "online"}}, {}, ["orders"], "checkmo"),
        ({"methods": {"net30": "at_first_shipment"}}, {"on_account": ["net30"]}, ["orders"],
         "net30"),
    ],
)  # fmt: skip
def test_captures_need_orders_a_gateway_and_revenue_that_f_and_o_invoices(
    captures: dict[str, Any], invoices: dict[str, Any], flows: list[str], place: str | None
) -> None:
    written = {"flows": [*flows, "captures"], "captures": captures, "invoices": invoices}
    found = list(capture_breaches(PATH, written))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


@pytest.mark.parametrize(
    ("status", "orders", "flows", "place"),
    [
        ({"steps": {"confirmed": {"comment": "{date}"}}}, {}, ["orders"], None),
        ({"steps": {"credit_hold": {"act": "hold"}}, "reports": True}, {}, ["orders"], None),
        ({"steps": {"stopped": {"act": "hold"}}}, {}, ["orders"], None),
        ({}, {}, [], "status"),
        ({"steps": {"rejected": {"act": "cancel"}}}, {}, ["orders"], "rejected"),
        ({"steps": {"stopped": {"comment": "x"}}}, {"stop_processing": True}, ["orders"],
         "stopped"),
        ({"steps": {"backorder": {"act": "hold"}}}, {"stop_processing": True}, ["orders"],
         "backorder"),
        ({"steps": {"picking": {"status": "fraud"}}}, {}, ["orders"], "status"),
        ({"steps": {"picking": {}}}, {}, ["orders"], "picking"),
    ],
)  # fmt: skip
def test_steps_need_what_tells_them_and_come_back_to_nobody(
    status: dict[str, Any], orders: dict[str, Any], flows: list[str], place: str | None
) -> None:
    written = {"flows": [*flows, "status"], "status": status, "orders": orders}
    found = list(status_breaches(PATH, written))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


def test_a_slips_carrier_goes_before_its_mode_and_before_any_other() -> None:
    carriers = {name: {"code": name, "title": name} for name in ("dhl", "EXP", "*")}
    shipments = Shipments.model_validate({"carriers": carriers})
    asked = (("DHL", "EXP"), ("", "exp"), ("GLS", "STD"))
    assert [shipments.carrier_of(*one).code for one in asked] == ["dhl", "EXP", "*"]
    unmapped = [Shipments().carrier_of(*one) for one in (("GLS", "STD"), ("", ""))]
    assert [(one.code, one.title) for one in unmapped] == [
        ("custom", "GLS"), ("custom", "Tracking number"),
    ]  # fmt: skip


def test_what_does_not_flow_needs_nothing() -> None:
    assert not [*stock_breaches(PATH, {}), *price_breaches(PATH, {"prices": {}})]
    assert not [*product_breaches(PATH, {"products": {}})]
    assert not [*stock_breaches(PATH, {"stock": {"sources": 5}})]
    assert not [*status_breaches(PATH, {}), *status_breaches(PATH, {"status": 5})]
    assert not [*capture_breaches(PATH, {}), *capture_breaches(PATH, {"captures": 5})]
    assert not [*shipment_breaches(PATH, {}), *shipment_breaches(PATH, {"shipments": 5})]
    assert (Stock().safety_of("A"), Stock(safety={"A": 2, "*": 1}).safety_of("A")) == (0, 2)


@pytest.mark.parametrize(
    ("flows", "section", "places"),
    [
        (["orders", "shipments"], {}, []),
        (["shipments"], {}, [("cancellations",)]),
        (["orders"], {}, [("cancellations",)]),
        (["orders", "shipments"], {"comment": "gone"}, [("cancellations", "comment")]),
    ],
)
def test_cancellations_need_orders_and_shipments(
    flows: list[str], section: dict[str, Any], places: list[tuple[str, ...]]
) -> None:
    written = {"flows": [*flows, "cancellations"], "cancellations": section}
    found = [one.path[len(PATH) :] for one in cancellation_breaches(PATH, written)]
    assert found == places


def test_refunds_are_reported_unless_a_method_is_named() -> None:
    section = Cancellations.model_validate({"refunds": {"checkmo": "record"}})
    assert [section.refund_of(one) for one in ("checkmo", "braintree")] == ["record", "report"]


@pytest.mark.parametrize(
    ("portal", "place"),
    [
        (None, None),
        ({"origins": ["https://shop.example"]}, None),
        ({"customer_tokens": False, "shop_key": "shop-key"}, None),
        ({"customer_tokens": False}, "portal"),
        ({"originals_url": "https://docs.example/{company}/{invoice}.pdf"}, None),
        ({"originals_url": "https://docs.example/all.pdf"}, "originals_url"),
        ({"originals_url": "http://docs.example/{invoice}.pdf"}, "originals_url"),
    ],
)
def test_a_portal_needs_a_way_in_and_an_address_that_names_the_document(
    portal: dict[str, Any] | None, place: str | None
) -> None:
    found = list(portal_breaches(PATH, {"portal": portal} if portal is not None else {}))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


ACCOUNTS: dict[str, Any] = {"groups": ["10"]}


@pytest.mark.parametrize(
    ("accounts", "companies", "flows", "place"),
    [
        (ACCOUNTS, {}, ["companies"], None),
        ({}, {}, ["companies"], "accounts.groups"),
        (ACCOUNTS, {}, [], "accounts"),
        ({"fields": ["price_group"], **ACCOUNTS}, {}, ["companies"], "accounts.price_groups"),
        ({"fields": ["sales_representative"], "sales_representatives": {"1": 2}, **ACCOUNTS}, {},
         ["companies"], None),
        ({"fields": ["status"], **ACCOUNTS}, {}, ["companies"], "companies.hold"),
        ({"fields": ["status"], **ACCOUNTS}, {"hold": "keep"}, ["companies"], None),
        ({"addresses": "both", **ACCOUNTS}, {}, ["companies"], "accounts.addresses"),
        ({"addresses": "both", **ACCOUNTS}, {}, ["companies", "customers"], None),
        (ACCOUNTS, {"requests": "ledger"}, ["companies"], "companies.requests"),
    ],
)  # fmt: skip
def test_accounts_have_one_owner_for_each_field(
    accounts: dict[str, Any], companies: dict[str, Any], flows: list[str], place: str | None
) -> None:
    written = {"flows": [*flows, "accounts"], "accounts": accounts, "companies": companies}
    found = [".".join(map(str, one.path[len(PATH) :])) for one in outgoing_breaches(PATH, written)]
    assert found == ([place] if place else [])


def test_the_cloud_service_takes_no_users_of_companies() -> None:
    written = {
        "flows": ["companies", "accounts"], "accounts": {"users": True, **ACCOUNTS},
        "commerce": {"edition": "saas", "url": "https://na1.api.commerce.adobe.com/t"},
    }  # fmt: skip
    (breach,) = outgoing_breaches(PATH, written)
    assert breach.path[-1] == "users"


def test_a_request_needs_somebody_who_answers_it() -> None:
    written = {"flows": ["companies"], "companies": {"requests": "ledger"}}
    (breach,) = outgoing_breaches(PATH, written)
    assert breach.path[-1] == "requests"


@pytest.mark.parametrize(
    ("flows", "products", "places"),
    [
        (["shared_catalogs"], {"shared_catalogs": {"Wholesale": ["*"]}}, []),
        (["shared_catalogs"], {}, ["shared_catalogs"]),
        ([], {"shared_catalogs": {"Wholesale": ["*"]}}, ["shared_catalogs"]),
        (["shared_catalogs"], {"shared_catalogs": {"Wholesale": ["7"]}}, ["shared_catalogs"]),
    ],
)
def test_shared_catalogs_need_their_flow_and_a_hierarchy(
    flows: list[str], products: dict[str, Any], places: list[str]
) -> None:
    found = list(product_breaches(PATH, {"flows": flows, "products": products}))
    assert [one.path[-1] for one in found] == places
    assert all(one.what and one.remedy for one in found)
