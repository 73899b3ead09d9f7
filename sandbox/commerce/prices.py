"""Base and tier prices, as recorded on 2.4.7: rows that are refused are listed, all others kept."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.assortment import Product
from sandbox.commerce.catalogue import GROUPS
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
UNKNOWN: Final = "The product that was requested doesn't exist. Verify the product and try again."


def _product(call: RestRequest, sku: Any) -> Product | None:
    named = as_text(str(sku))
    return next((one for one in call.state.catalogue.products if as_text(one.sku) == named), None)


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
        else:
            call.state.prices.base[as_text(product.sku)] = Decimal(row["price"])
    return failures


def base(call: RestRequest) -> list[Columns]:
    """`POST products/base-prices-information`: unknown SKUs are left out."""
    found = (_product(call, sku) for sku in _list(call, "skus"))
    return [
        {"price": call.state.prices.base_of(one), "store_id": 0, "sku": one.sku}
        for one in found if one is not None
    ]  # fmt: skip


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
        code = _group(str(row["customer_group"]))
        if code is None:
            failures.append(_failure(NO_GROUP, *named))
        elif row["price"] < 0:
            failures.append(_failure(NO_PRICE, row["price"], *named))
        elif keys.count(key) > 1:
            failures.append(_failure(DUPLICATE, *named))
        else:
            call.state.prices.tiers[key] = {**row, "customer_group": code}
    return failures


def _key(row: Columns) -> TierKey:
    return as_text(str(row["sku"])), as_text(str(row["customer_group"])), Decimal(row["quantity"])


def _group(code: str) -> str | None:
    """The group's code as the shop answers it: `all groups` in lower case."""
    codes = ["all groups", *(str(group["code"]) for group in GROUPS)]
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


READS: Final = "Magento_Catalog::catalog"
PRICES: Final = tuple(
    Endpoint("POST", f"products/{path}", READS, handler)
    for path, handler in (
        ("base-prices", save_base), ("base-prices-information", base),
        ("tier-prices", save_tiers), ("tier-prices-information", tiers),
        ("tier-prices-delete", delete_tiers),
    )
)  # fmt: skip
