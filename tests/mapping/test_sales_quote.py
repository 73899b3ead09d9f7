"""A negotiable quote as a quote of Dynamics 365 Sales."""

from typing import Any

from sync.commerce.models.quote import Comment, Quote
from sync.config.connections import Connection
from sync.dataverse.documents.case import Customer
from sync.dataverse.documents.sales_quote import SalesQuote
from sync.mapping.sales_quote import sales_quote_from
from sync.mapping_tables.records import ItemMapping
from tests.systems import SETTINGS, merged

ROW: str = "0f8fad5b-d9cb-469f-a165-70867728950e"
ADDRESS = {
    "firstname": "Kim", "lastname": "Buyer", "company": "Contoso", "street": ["1 Main St", "Rear"],
    "city": "Boston", "postcode": "02101", "region_code": "MA", "country_id": "US",
}  # fmt: skip


def mapped(**sales: Any) -> SalesQuote:
    cart = {
        "id": 7, "store_id": 1, "currency": {"quote_currency_code": "USD"},
        "items": [{"item_id": 9, "sku": "BIKE", "name": "Bike &amp; bell", "qty": 3}],
        "extension_attributes": {
            "negotiable_quote": {
                "is_regular_quote": True, "quote_name": "n" * 400, "status": "created",
                "expiration_period": "2030-02-03",
            },
            "shipping_assignments": [{"shipping": {"address": ADDRESS}}],
        },
    }  # fmt: skip
    settings = merged(SETTINGS, {"quotes": {"target": "dataverse", "sales": sales}})
    comment = Comment(entity_id=4, creator_type=3, comment="5 &gt; 4?")
    return sales_quote_from(
        Quote.read(cart), [comment], Connection.model_validate(settings), row_id=ROW,
        customer=Customer("accounts", ROW), currency_id=ROW,
        items={"bike": ItemMapping("BIKE", "D-100")},
    )  # fmt: skip


def test_texts_fit_and_the_address_goes_along() -> None:
    quote = mapped()
    assert len(quote.header["name"]) == 300
    assert quote.header["name"].startswith("Q1-7 (4) nnn")
    assert (quote.header["description"], quote.header["expireson"]) == ("5 > 4?", "2030-02-03")
    assert quote.header["shipto_line1"] == "1 Main St, Rear"
    assert (quote.header["shipto_name"], quote.header["shipto_stateorprovince"]) == (
        "Contoso", "MA",
    )  # fmt: skip
    (line,) = quote.lines.values()
    assert line["productdescription"].endswith("[9]")
    assert line["quantity"] == 3


def test_what_is_named_is_bound_once_and_changes_nothing_later() -> None:
    plain, full = mapped(), mapped(price_lists={"USD": ROW}, owner=f"users/{ROW}")
    assert full.names.items() - plain.names.items() == {
        ("pricelevelid@odata.bind", f"/pricelevels({ROW})"),
        ("ownerid@odata.bind", f"/systemusers({ROW})"),
    }
    assert plain.names["transactioncurrencyid@odata.bind"] == f"/transactioncurrencies({ROW})"
    assert plain.digest == full.digest
    assert mapped(price_lists={"EUR": ROW}).names == plain.names
