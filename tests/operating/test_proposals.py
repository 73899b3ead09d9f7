"""Which code of F&O a code of Commerce probably means: only what is plain is proposed."""

import tomllib

import pytest

from sync.checks.mapped_codes import Listed
from sync.config.file.reading import connections_from
from sync.core.errors import Missing
from sync.operating.choosing import questions
from sync.operating.discovery import Choice, Discovered, Needed, StoreView
from sync.operating.drafting import Answers, draft
from sync.operating.proposals import proposed

METHODS = [
    Choice("CHECK", "Check"), Choice("CARD", "Credit card"), Choice("PP", "PayPal"),
    Choice("WIRE", "Bank transfer"), Choice("COD", "Cash on delivery"),
]  # fmt: skip
MODES = [Choice("10", "Standard"), Choice("20", "Express"), Choice("PICK", "Store pickup")]
TAXES = [Choice("DE-19", "Germany 19 %"), Choice("EU", "EU 0 %")]
CODES = {
    Listed.METHOD_OF_PAYMENT: METHODS, Listed.MODE_OF_DELIVERY: MODES, Listed.TAX_GROUP: TAXES,
    Listed.CUSTOMER_GROUP: [Choice("10", "Retail")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "key", "code"),
    [
        ("orders.payments", "checkmo", "CHECK"),
        ("orders.payments", "banktransfer", "WIRE"),
        ("orders.payments", "cashondelivery", "COD"),
        ("orders.payments", "paypal_express", "PP"),
        ("orders.payments", "braintree_cc_vault", "CARD"),
        ("orders.payments", "credit_card", "CARD"),
        ("orders.payments", "some_new_wallet", ""),
        ("orders.deliveries", "flatrate_flatrate", "10"),
        ("orders.deliveries", "express", "20"),
        ("orders.deliveries", "instore_pickup", "PICK"),
        ("orders.deliveries", "ups_03", ""),
        ("orders.taxes", "de_19", "DE-19"),
        ("orders.taxes", "US-CA", ""),
        ("customers.groups", "3", "10"),
        ("customers.countries", "DE", ""),
    ],
)
def test_only_what_is_plain_is_proposed(table: str, key: str, code: str) -> None:
    proposal = proposed(Missing(table, key), CODES)
    assert proposal.code == code
    assert bool(proposal.reason) or bool(proposal.others) or table == "customers.countries"


def test_two_that_fit_are_a_choice() -> None:
    both = {Listed.METHOD_OF_PAYMENT: [Choice("CHECK"), Choice("CHK", "Check")]}
    proposal = proposed(Missing("orders.payments", "checkmo"), both)
    assert (proposal.code, proposal.others) == ("", tuple(both[Listed.METHOD_OF_PAYMENT]))


SHOP = {"url": "https://s.example", "consumer_key": "a", "consumer_secret": "b"}
ANSWERS = Answers(
    "bikes",
    {**SHOP, "token": "c", "token_secret": "d"},
    {"url": "https://f.example", "company": "demf", "tenant": "t", "client_id": "i",
     "client_secret": "e"},
    Choice("13", "Main", "1"), "10",
)  # fmt: skip


def found(*stores: StoreView, needed: tuple[Needed, ...] = ()) -> Discovered:
    return Discovered(stores, needed, CODES, 5)


def test_the_file_can_be_read_and_says_why() -> None:
    needed = (
        Needed(Missing("orders.payments", "checkmo"), 3),
        Needed(Missing("orders.payments", "wallet"), 1),
        Needed(Missing("orders.deliveries", 'odd "name"\n'), 2),
        Needed(Missing("customers.countries", "XK"), 1),
    )
    stores = (StoreView(1, "en", 'A "view"', "EUR", "EUR", True), StoreView(2, "fr", "Fr", "EUR"))
    text = draft(ANSWERS, found(*stores, needed=needed))
    shop = connections_from(text).connections["bikes"]
    assert shop.orders.payments["checkmo"].method == "CHECK"
    assert shop.orders.payments["free"].method == ""
    assert (shop.stores["default"].site, shop.stores["default"].warehouse) == ("1", "13")
    assert shop.stores["default"].prices_include_tax
    assert shop.customers.currency == "EUR"
    assert "# 3 recent orders; what such a method is called" in text
    assert "# Choose for 1 recent order. F&O has: CHECK (Check), CARD (Credit card)" in text
    assert "# Recent orders need rows in customers.countries" in text


def test_stores_that_price_differently_say_so_each() -> None:
    stores = (StoreView(1, "a", "A", includes_tax=True), StoreView(2, "b", "B", includes_tax=False))
    tables = tomllib.loads(draft(ANSWERS, found(*stores)))["connections"]["bikes"]["stores"]
    assert (tables["1"]["prices_include_tax"], tables["2"]["prices_include_tax"]) == (True, False)
    assert "prices_include_tax" not in tables["default"]


def test_what_a_person_chose_is_written_where_it_belongs() -> None:
    rows = (Needed(Missing("orders.payments", "checkmo"), 3), Needed(Missing("orders.x", "y"), 1))
    found = Discovered((), rows, {Listed.BANK_ACCOUNT: [Choice("BANK-1")]}, 3, ("default",))
    asked = {(one.table, one.key): one for one in questions(found, ("invoices", "stock"))}
    assert asked["invoices.banks", "checkmo"].choices == [Choice("BANK-1")]
    assert ("stock.sources", "default") in asked
    assert ("creditmemos", "reason") not in asked
    chosen = {
        ("invoices.banks", "checkmo"): "BANK-1", ("stock.sources", "default"): "13",
        ("orders.payments", "checkmo"): "CHECK", ("orders", "freight_item"): "FRT",
    }  # fmt: skip
    said = Answers("shop", {}, {}, flows=("invoices", "stock"), chosen=chosen)
    shop = tomllib.loads(draft(said, found))["connections"]["shop"]
    assert shop["flows"] == ["orders", "customers", "invoices", "stock"]
    assert shop["invoices"] == {"banks": {"checkmo": "BANK-1"}}
    assert shop["stock"] == {"sources": {"13": "default"}}
    assert shop["orders"]["freight_item"] == "FRT"
    assert shop["orders"]["payments"]["checkmo"] == {"method": "CHECK"}
