"""Base, tier and special prices, as recorded on 2.4.7: rows that are refused are listed, all others
kept."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.assortment import Product
from sandbox.commerce.conditions import as_text
from sandbox.commerce.faults import RestFault, required
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest
from sandbox.commerce.shop_prices import TierKey

PRICED: Final = frozenset({"simple", "virtual", "downloadable", "bundle"})
ATTRIBUTE: Final = "Invalid attribute %fieldName = %fieldValue."
ROW: Final = (
    " Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty."
)
NO_GROUP: Final = f"No such entity with Customer Group = %customerGroup.{ROW}"
NO_PRICE: Final = f"Invalid attribute Price = %price.{ROW}"
DUPLICATE: Final = (
    "We found a duplicate website, tier price, customer group and quantity: Customer Group ="
    f" %customerGroup, Website ID = %websiteId, Quantity = %qty.{ROW}"
)
DATES: Final = ("price_from", "price_to")
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
UNKNOWN: Final = "The product that was requested doesn't exist. Verify the product and try again."


def _product(call: RestRequest, sku: Any) -> Product | None:
    return call.state.catalogue.by_sku.get(as_text(str(sku)))


def _failure(message: str, *parameters: Any) -> Columns:
    return {"message": message, "parameters": [str(one) for one in parameters]}


def _list(call: RestRequest, name: str) -> list[Any]:
    """A list in the body, which must be there."""
    found = call.body.get(name)
    if not isinstance(found, list):
        raise required(name)
    return found


def _sent(call: RestRequest) -> list[Columns]:
    rows: list[Columns] = _list(call, "prices")
    for row in rows:
        if not isinstance(row.get("price"), int | Decimal):
            text = (
                f'The "{row.get("price")}" value\'s type is invalid. The "float" type was expected.'
            )
            raise RestFault(
                400, f'Error occurred during "price" processing. {text} Verify and try again.'
            )
    return rows


def save_base(call: RestRequest) -> list[Columns]:
    """`POST products/base-prices`."""
    failures = []
    for row in _sent(call):
        product = _product(call, row["sku"])
        if product is None or product.type not in PRICED:
            failures.append(_failure(ATTRIBUTE, "SKU", row["sku"]))
        elif row["price"] < 0:
            failures.append(_failure(ATTRIBUTE, "Price", row["price"]))
        elif store := int(row["store_id"]):
            call.state.prices.by_store[store, as_text(product.sku)] = Decimal(row["price"])
        else:
            call.state.prices.base[as_text(product.sku)] = Decimal(row["price"])
    if any(not one.price for one in call.state.catalogue.products if one.type == "simple"):
        prices = call.state.prices
        of_stores = {sku: price for (_, sku), price in prices.by_store.items()}
        call.state.sell_at(of_stores | prices.base)
    return failures


def base(call: RestRequest) -> list[Columns]:
    """`POST products/base-prices-information`: unknown SKUs are left out."""
    prices, found = call.state.prices, (_product(call, sku) for sku in _list(call, "skus"))
    rows: list[Columns] = []
    for one in found:
        if one is not None:
            rows.append({"price": prices.base_of(one), "store_id": 0, "sku": one.sku})
            rows += [
                {"price": price, "store_id": store, "sku": one.sku}
                for (store, sku), price in prices.by_store.items() if sku == as_text(one.sku)
            ]  # fmt: skip
    return rows


def _known(call: RestRequest, rows: list[Columns]) -> None:
    """One unknown SKU makes the whole call fail."""
    if any(_product(call, row["sku"]) is None for row in rows):
        raise RestFault(404, UNKNOWN)


def save_tiers(call: RestRequest) -> list[Columns]:
    """`POST products/tier-prices`: merges."""
    rows = _sent(call)
    _known(call, rows)
    keys = [_key(row) for row in rows]
    failures = []
    for row, key in zip(rows, keys, strict=True):
        named = (row["sku"], row["website_id"], row["customer_group"], row["quantity"])
        code = _group(call, str(row["customer_group"]))
        if code is None:
            failures.append(_failure(NO_GROUP, *named))
        elif row["price"] < 0:
            failures.append(_failure(NO_PRICE, row["price"], *named))
        elif keys.count(key) > 1 or _is_of_another_website(call, row, key):
            failures.append(_failure(DUPLICATE, *named))
        else:
            call.state.prices.tiers[key] = {**row, "customer_group": code}
    return failures


def _is_of_another_website(call: RestRequest, row: Columns, key: TierKey) -> bool:
    """A tier of all websites and one of a website with the same key cannot be at once."""
    there = call.state.prices.tiers.get(key)
    return there is not None and there["website_id"] != row["website_id"]


def _key(row: Columns) -> TierKey:
    return as_text(str(row["sku"])), as_text(str(row["customer_group"])), Decimal(row["quantity"])


def _group(call: RestRequest, code: str) -> str | None:
    """The group's code as the shop answers it: `all groups` in lower case."""
    groups = call.state.shared_catalogs.groups
    codes = ["all groups", *(str(group["code"]) for group in groups)]
    return next((one for one in codes if as_text(one) == as_text(code)), None)


def tiers(call: RestRequest) -> list[Columns]:
    """`POST products/tier-prices-information`."""
    wanted = {as_text(str(sku)) for sku in _list(call, "skus")}
    return [*_tiers_of(call, wanted)]


def _tiers_of(call: RestRequest, wanted: set[str]) -> Iterator[Columns]:
    for (sku, _, _), row in call.state.prices.tiers.items():
        if sku in wanted:
            yield row


def delete_tiers(call: RestRequest) -> list[Columns]:
    """`POST products/tier-prices-delete`: one whose price differs from the stored one stays, and
    nobody is told."""
    rows = _sent(call)
    _known(call, rows)
    stored = call.state.prices.tiers
    for row in rows:
        there = stored.get(_key(row))
        if there is not None and there["price"] == row["price"]:
            del stored[_key(row)]
    return []


def save_special(call: RestRequest) -> list[Columns]:
    """`POST products/special-price`: one of a SKU and store view; an end that is left out stays."""
    failures = []
    for row in _sent(call):
        product = _product(call, row["sku"])
        dates = [str(row.get(name) or "") for name in DATES]
        if product is None or product.type not in PRICED:
            failures.append(_failure(ATTRIBUTE, "SKU", row["sku"]))
        elif wrong := [one for one in dates if one and not MOMENT.fullmatch(one)]:
            failures.append(_failure(ATTRIBUTE, "Price From", *wrong))
        else:
            key = (int(row["store_id"]), as_text(product.sku))
            before = call.state.prices.specials.get(key, {})
            call.state.prices.specials[key] = {**before, **row}
    return failures


def specials(call: RestRequest) -> list[Columns]:
    """`POST products/special-price-information`: rows come several times."""
    wanted = {as_text(str(sku)) for sku in call.body["skus"]}
    stored = call.state.prices.specials
    return [row for (_, sku), row in stored.items() if sku in wanted] * 3


def delete_specials(call: RestRequest) -> list[Columns]:
    """`POST products/special-price-delete`: one with other dates stays, and nobody is told."""
    stored = call.state.prices.specials
    for row in _sent(call):
        key = (int(row["store_id"]), as_text(str(row["sku"])))
        there = stored.get(key)
        if there and all(row.get(name) in (None, there.get(name)) for name in DATES):
            del stored[key]
    return []


READS: Final = "Magento_Catalog::catalog"
PRICES: Final = tuple(
    Endpoint("POST", f"products/{path}", READS, handler)
    for path, handler in (
        ("base-prices", save_base), ("base-prices-information", base),
        ("tier-prices", save_tiers), ("tier-prices-information", tiers),
        ("tier-prices-delete", delete_tiers), ("special-price", save_special),
        ("special-price-information", specials), ("special-price-delete", delete_specials),
    )
)  # fmt: skip
