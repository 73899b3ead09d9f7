"""Released products on their way into the shop: the fields that F&O owns, and nothing beside."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.products import columns_of, known_product
from sandbox.dials import Arrival, Kind
from sandbox.dynamics.schema import SETS
from sandbox.dynamics.schema import Kind as Type
from sync.core.encoding import to_json
from sync.dynamics.on_hand import ORDER_SETTINGS
from sync.engine.claim import State
from sync.engine.drift import drift
from sync.engine.publication import EVERYTHING
from sync.flows.catalogue.products import products
from sync.mapping_tables.records import ItemMapping
from tests.harness import Harness, in_harness
from tests.systems import COMPANY, SAAS

SKU, OTHER, BOX, NEW = "SIMPLE-001", "SIMPLE-002", "SIMPLE-003", "NEW-1"
OWNED = ("name", "weight", "tax_class", "status", "quantities")
FLOWS = ("orders", "products")
CLASSES = {"ALL": "Taxable Goods", "RED": "reduced"}


def owning(*fields: str, **settings: Any) -> dict[str, Any]:
    """The flow with what F&O owns; all released products are shown."""
    wanted = {"fields": fields or OWNED, "which": "released", "tax_classes": CLASSES, **settings}
    return {"flows": FLOWS, "products": wanted}


GERMAN = {"de": {"language": "de", "fields": ("name", "description")}}
WHOLE = owning(views=GERMAN, create=True)


def releases(harness: Harness, item: str, **values: Any) -> None:
    """A product is released, or changed."""
    number = {"ProductNumber": item}
    names = {"name": "ProductName", "description": "ProductDescription"}
    texts = {names[key]: values.pop(key) for key in [*values] if key in names}
    harness.dynamics.put("ProductsV2", **number, **texts)
    own = {"dataAreaId": COMPANY, "ItemNumber": item}
    harness.dynamics.put("ReleasedProductsV2", **own, **number, **values)


def translates(harness: Harness, item: str, language: str, name: str, text: str = "") -> None:
    values = {"LanguageId": language, "ProductName": name, "Description": text}
    harness.dynamics.put("ProductTranslations", ProductNumber=item, **values)


def sells_in(harness: Harness, item: str, **quantities: Any) -> None:
    """The default order settings of an item."""
    harness.dynamics.put(ORDER_SETTINGS, dataAreaId=COMPANY, ItemNumber=item, **quantities)


async def publishes(harness: Harness, key: str = EVERYTHING, origin: str = "poll") -> None:
    await harness.services.intake.accept("products", "shop", [key], origin)
    await harness.works_until_idle()


def shown(harness: Harness, sku: str = SKU, scope: str = "all") -> dict[str, Any]:
    product = known_product(harness.commerce, sku)
    assert product is not None, sku
    return columns_of(harness.commerce, product, scope)


def but_stamps(harness: Harness) -> dict[str, Any]:
    return {name: value for name, value in shown(harness).items() if name not in STAMPS}


def writes(harness: Harness) -> int:
    asked = harness.commerce.requests
    return sum(count for kind, count in asked.items() if kind in WRITES)


STAMPS = {"created_at", "updated_at"}
WRITES = {"POST products", "PUT products/{sku}", "PUT products/{sku}/stockItems/{id}"}


async def drifts(harness: Harness) -> list[Any]:
    systems = await harness.services.systems_pool.open("shop")
    return [one async for one in drift(products, systems, harness.services.ledger)]


async def maps(harness: Harness, *mappings: ItemMapping) -> None:
    systems = await harness.services.systems_pool.open("shop")
    await systems.items.put_many(mappings)


@in_harness(**WHOLE)
async def test_what_f_and_o_owns_is_shown_and_only_what_differs_is_sent(harness: Harness) -> None:
    releases(harness, SKU, name="Two  lamps", SalesSalesTaxItemGroupCode="red",
             NetProductWeight=Decimal("1.5"))  # fmt: skip
    translates(harness, SKU, "DE", "Zwei Lampen", "Groß & hell\nrot")
    sells_in(harness, SKU, MinimumSalesOrderQuantity=Decimal(6), SalesQuantityMultiples=Decimal(3))
    before = shown(harness)
    await publishes(harness)
    after = shown(harness)
    owned = {"name": "Two lamps", "weight": Decimal("1.5"), "tax_class_id": "5", "status": 1}
    assert {name: after[name] for name in owned} == owned
    assert all(after[name] == before[name] for name in {*before} - {*owned, *STAMPS})
    german = shown(harness, scope="de")
    assert (german["name"], german["description"]) == ("Zwei Lampen", "Groß &amp; hell<br>rot")
    stored = harness.commerce.products.values
    assert stored[SKU.casefold(), "de"].keys() == {"name", "description"}
    assert (OTHER.casefold(), "de") not in stored  # what all store views show is not said twice
    rules = harness.commerce.products.rules_of(SKU)
    assert (rules["min_sale_qty"], rules["qty_increments"], rules["max_sale_qty"]) == (6, 3, 10000)
    assert await drifts(harness) == []
    count = writes(harness)
    await publishes(harness)
    assert writes(harness) == count
    releases(harness, SKU, name="One lamp")
    await publishes(harness)
    assert (shown(harness)["name"], writes(harness)) == ("One lamp", count + 1)


@in_harness(**owning("name"))
async def test_what_is_not_owned_is_never_written(harness: Harness) -> None:
    releases(harness, SKU, name="A lamp", NetProductWeight=Decimal(7), ProductLifecycleStateId="X")
    harness.commerce.products.values[SKU.casefold(), "all"] = {
        "description": "<b>ours</b>", "status": 2, "url_key": "the-lamp", "weight": Decimal(3),
    }  # fmt: skip
    kept = {**but_stamps(harness), "name": "A lamp"}
    await publishes(harness)
    assert but_stamps(harness) == kept
    assert shown(harness, scope="de")["name"] == "A lamp"
    harness.dynamics.store.table("ReleasedProductsV2").records.clear()
    await publishes(harness, origin="replay")
    assert but_stamps(harness) == kept


@in_harness(**WHOLE)
async def test_a_new_product_is_disabled_until_it_has_a_price(harness: Harness) -> None:
    releases(harness, NEW, name="A new lamp", SalesSalesTaxItemGroupCode="ALL",
             InventoryUnitSymbol="ea", NetProductWeight=Decimal(2))  # fmt: skip
    releases(harness, "NEW-2", name="A new lamp", SalesSalesTaxItemGroupCode="ALL",
             InventoryUnitSymbol="ea", ProductType="Service")  # fmt: skip
    await publishes(harness)
    new, service = shown(harness, NEW), shown(harness, "NEW-2")
    assert (new["status"], new["price"], new["type_id"]) == (2, 0, "simple")
    assert (service["status"], service["type_id"]) == (2, "virtual")
    assert {new["url_key"], service["url_key"]} == {"a-new-lamp-new-1", "a-new-lamp-new-2"}
    assert await drifts(harness) == []
    harness.commerce.prices.base[NEW.casefold()] = Decimal(9)
    await publishes(harness)
    assert (shown(harness, NEW)["status"], shown(harness, NEW, "de")["status"]) == (1, 1)
    assert shown(harness, "NEW-2")["status"] == 2
    assert await harness.parked("products") == []


@in_harness(**{
    **WHOLE, "flows": (*WHOLE["flows"], "prices"),
    "prices": {"currency": "USD", "website": 1, "store_view": 1},
})  # fmt: skip
async def test_a_new_product_is_enabled_by_its_price_in_the_website_of_ours(
    harness: Harness,
) -> None:
    releases(harness, NEW, name="A new lamp", SalesSalesTaxItemGroupCode="ALL",
             InventoryUnitSymbol="ea", NetProductWeight=Decimal(2))  # fmt: skip
    await publishes(harness)
    assert shown(harness, NEW)["status"] == 2
    harness.commerce.prices.by_store[1, NEW.casefold()] = Decimal(9)
    await publishes(harness)
    assert shown(harness, NEW)["status"] == 1


@in_harness(**owning("name", "status"))
async def test_what_the_shop_lacks_is_not_made_unless_it_may_be(harness: Harness) -> None:
    releases(harness, NEW, name="A new lamp")
    await publishes(harness)
    assert known_product(harness.commerce, NEW) is None
    assert harness.commerce.requests["POST products"] == 0
    assert await harness.parked("products") == []


def stops(harness: Harness, item: str, how: str) -> None:
    """F&O stops selling an item."""
    if how == "stopped":
        return sells_in(harness, item, IsSalesProcessingStopped="Yes")
    if how == "unreleased":
        table = harness.dynamics.store.table("ReleasedProductsV2")
        gone = [key for key, row in table.records.items() if row["ItemNumber"] == item]
        for key in gone:
            harness.dynamics.store.delete("ReleasedProductsV2", table.records[key])
        return None
    ended = harness.clock.now() - timedelta(days=2)
    values: dict[str, dict[str, Any]] = {
        "lifecycle": {"ProductLifecycleStateId": "OLD"}, "ended": {"SellEndDate": ended},
    }  # fmt: skip
    return releases(harness, item, **values[how])


@pytest.mark.parametrize("how", ["stopped", "lifecycle", "ended", "unreleased"])
@in_harness(**owning(*OWNED, views=GERMAN, lifecycle_states=("", "LIVE")))
async def test_what_must_not_be_sold_is_disabled_and_never_deleted(
    harness: Harness, how: str
) -> None:
    harness.commerce.products.values[SKU.casefold(), "de"] = {"status": 1}
    await publishes(harness)
    assert shown(harness)["status"] == 1
    stops(harness, SKU, how)
    if how != "unreleased":  # what else cannot be known of it does not keep it on sale
        releases(harness, SKU, SalesSalesTaxItemGroupCode="NOBODYS")
    await publishes(harness)
    assert (shown(harness)["status"], shown(harness, scope="de")["status"]) == (2, 2)
    assert (shown(harness, OTHER)["status"], await harness.parked("products")) == (1, [])
    count = writes(harness)
    await publishes(harness)
    assert writes(harness) == count


SECRETS: Iterator[int] = iter(range(987_650_001, 987_999_999))
HIDDEN = ("Cost", "Margin", "Purchase", "Procurement")


def hidden_of(table: str) -> dict[str, Any]:
    """Values nobody else has, in every field that tells of cost, purchase or margin."""
    return {
        name: Decimal(next(SECRETS)) if one.kind is Type.DECIMAL else f"S{next(SECRETS)}"
        for name, one in SETS[table].properties.items()
        if any(word in name for word in HIDDEN) and one.kind in (Type.DECIMAL, Type.STRING)
    }


@in_harness(**WHOLE)
async def test_cost_and_margin_never_leave_f_and_o(harness: Harness) -> None:
    planted: list[str] = []
    for table in (
        "ReleasedProductsV2",
        "ProductDefaultOrderSettings",
        "ReleasedDistinctProductsV2",
    ):
        values = hidden_of(table)
        harness.dynamics.put(table, dataAreaId=COMPANY, ItemNumber=SKU, **values)
        planted += [str(value) for value in values.values()]
    assert len(planted) > 25
    sent: list[bytes] = []
    put = harness.systems.apps["shop.example.com"]

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def seen() -> Any:
            message = await receive()
            sent.append(message.get("body", b"") + scope["raw_path"] + scope["query_string"])
            return message

        await put(scope, seen, send)

    harness.systems.apps["shop.example.com"] = watched
    releases(harness, SKU, name="A lamp")
    await publishes(harness)
    assert (shown(harness)["name"], len(sent) > 10) == ("A lamp", True)
    kept = [to_json(dict(row)) for row in [*harness.commerce.products.values.values()]]
    assert not [secret for secret in planted if any(secret.encode() in one for one in sent + kept)]


@in_harness(**owning(*OWNED, create=True))
async def test_what_cannot_be_shown_parks_alone_with_its_remedy(harness: Harness) -> None:
    harness.dynamics.settings.page_size = 7
    await maps(harness, ItemMapping("LAMP", "SIMPLE-005"), ItemMapping("X" * 65, "SIMPLE-008"),
               ItemMapping("SIMPLE-006", "SIMPLE-007"))  # fmt: skip
    releases(harness, OTHER, SalesSalesTaxItemGroupCode="NOBODYS")
    releases(harness, BOX, SalesUnitSymbol="kg", NetProductWeight=Decimal(1))
    await maps(harness, ItemMapping(BOX, BOX, unit="kg"))
    sells_in(harness, "SIMPLE-004", MinimumSalesOrderQuantity=Decimal("2.5"))
    releases(harness, "SIMPLE-010", name="")
    await publishes(harness)
    said = {key: (await harness.claim(key, "products")) for key in await harness.parked("products")}
    assert {key: claim.reason for key, claim in said.items()} == {
        "item SIMPLE-006": "item SIMPLE-006 has no SKU: no row names it, and SKU SIMPLE-006 is item"
        " SIMPLE-007",
        OTHER: f'{OTHER}: the item sales tax group "NOBODYS" of item {OTHER} is not in'
        " products.tax_classes",
        BOX: f"{BOX}: F&O has no conversion from ea to kg for item {BOX}",
        "SIMPLE-004": "SIMPLE-004: 2.5 ea of item SIMPLE-004 are no whole pieces of the shop"
        " (min_sale_qty)",
        "SIMPLE-010": "SIMPLE-010: product SIMPLE-010 has no name in F&O",
        "X" * 65: "Commerce answered 400 to POST products: SKU length should be … characters"
        " maximum.",
    }
    assert all(claim.remedy for claim in said.values())
    assert shown(harness, SKU)["name"] == f"Product {SKU}"
    assert shown(harness, "LAMP")["name"] == "Product SIMPLE-005"
    assert shown(harness, "SIMPLE-006")["name"] == "Product SIMPLE-007"
    releases(harness, OTHER, SalesSalesTaxItemGroupCode="RED")
    await publishes(harness, OTHER, "touch")
    assert OTHER not in await harness.parked("products")


@in_harness(**{**owning("name"), "items": {"rule": "none"}})
async def test_an_item_without_sku_is_told_of_and_shown_when_it_has_one(harness: Harness) -> None:
    await maps(harness, ItemMapping(OTHER, OTHER))
    await publishes(harness, f"item {SKU}", "touch")
    claim = await harness.claim(f"item {SKU}", "products")
    assert "items has no rule" in claim.reason
    await maps(harness, ItemMapping(SKU, SKU))
    await publishes(harness, f"item {SKU}", "replay")
    assert (await harness.claim(f"item {SKU}", "products")).state is State.SKIPPED
    await publishes(harness, SKU, "touch")
    assert shown(harness)["name"] == f"Product {SKU}"


@in_harness(**owning("name", which="mapped"))
async def test_only_mapped_items_are_shown_where_the_settings_say_so(harness: Harness) -> None:
    await maps(harness, ItemMapping(OTHER, SKU))
    await publishes(harness)
    await publishes(harness, SKU, "touch")
    assert shown(harness, OTHER)["name"] == f"Product {SKU}"
    assert shown(harness, SKU)["name"] == "Simple 001"
    assert writes(harness) == 1


@in_harness(**owning("name", "weight", groups=("WEB",)))
async def test_item_groups_and_variants_decide_what_is_shown(harness: Harness) -> None:
    releases(harness, SKU, ProductGroupId="web")
    releases(harness, "TEE-M", name="Tee", ProductGroupId="WEB", ProductSubType="ProductMaster",
             InventoryUnitSymbol="ea", NetProductWeight=Decimal(2))  # fmt: skip
    harness.dynamics.put("ReleasedProductVariantsV2", dataAreaId=COMPANY, ItemNumber="TEE-M",
                         ProductMasterNumber="TEE-M", ProductColorId="Black",
                         ProductVariantNumber="TEE-M:1")  # fmt: skip
    harness.dynamics.put("ProductsV2", ProductNumber="TEE-M:1", ProductName="Tee, black")
    await maps(harness, ItemMapping("TEE-BLACK-S", "TEE-M", color="black"),
               ItemMapping("TEE-WHITE-M", "TEE-M", color="White"))  # fmt: skip
    await publishes(harness)
    black = shown(harness, "TEE-BLACK-S")
    assert (black["name"], black["weight"]) == ("Tee, black", 2)
    assert shown(harness)["name"] == f"Product {SKU}"
    assert shown(harness, "TEE-WHITE-M")["name"] == "Tee White M"
    assert shown(harness, OTHER)["name"] == "Simple 002"


@in_harness(**owning("name", "status", which="mapped", create=True))
async def test_a_run_that_would_disable_too_much_waits_for_a_person(harness: Harness) -> None:
    for number in range(60):
        releases(harness, f"MANY-{number}", name="Lamp")
        await maps(harness, ItemMapping(f"SIMPLE-{number:03}", f"MANY-{number}"))
    await publishes(harness)
    harness.dynamics.store.table("ReleasedProductsV2").records.clear()
    await publishes(harness)
    assert (shown(harness)["status"], await harness.parked("products")) == (1, [EVERYTHING])
    await publishes(harness, origin="replay")
    assert shown(harness)["status"] == 2


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE])
@pytest.mark.parametrize("path", [f"products/{SKU}", "products"])
@in_harness(**WHOLE)
async def test_a_lost_answer_leaves_what_f_and_o_says_last(
    harness: Harness, kind: Kind, path: str
) -> None:
    await publishes(harness)
    releases(harness, SKU, name="Second")
    releases(harness, NEW, name="New", SalesSalesTaxItemGroupCode="ALL")

    def where(arrival: Arrival) -> bool:
        return arrival.method in ("PUT", "POST") and arrival.path.endswith(path)

    harness.shop_dials.next(kind, where=where, seconds=40)
    await harness.services.intake.accept("products", "shop", [EVERYTHING], "poll")
    await harness.works_for(5)
    releases(harness, SKU, name="Third")
    await harness.shop_dials.settle()
    await publishes(harness)
    assert (shown(harness)["name"], shown(harness, NEW)["name"]) == ("Third", "New")
    assert (await harness.claim(EVERYTHING, "products")).state is State.DELIVERED
    assert await drifts(harness) == []


@in_harness(**owning("name"))
async def test_what_the_shop_takes_and_does_not_show_waits_for_a_person(harness: Harness) -> None:
    """An extension of the shop puts its own name back with each save."""
    shop = harness.commerce.products
    write = shop.write

    def put_back(product: Any, scope: str, values: Any, before: Any) -> None:
        write(product, scope, {**values, "name": "Ours"} if product.sku == SKU else values, before)

    shop.write = put_back  # type: ignore[method-assign]
    await publishes(harness)
    reason = (await harness.claim(SKU, "products")).reason
    assert SKU in await harness.parked("products")
    assert "Ours" in reason
    shop.write = write  # type: ignore[method-assign]
    await publishes(harness, SKU, "replay")
    assert (await harness.claim(SKU, "products")).state is State.DELIVERED
    assert (shown(harness)["name"], await drifts(harness)) == (f"Product {SKU}", [])


ATTRIBUTES: dict[str, Any] = {
    "attributes": {
        "material": {"name": "Material"}, "length": {"name": "Length", "unit": "m"},
        "is_new": {"name": "New"}, "finish": {"name": "Finish"},
    },
    "dimensions": {"color": "color"}, "barcode": "ean", "sales_unit": "unit",
}  # fmt: skip


def has(harness: Harness, item: str, name: str, kind: str, **value: Any) -> None:
    """An attribute of a product has a value in F&O."""
    harness.dynamics.put(
        "ProductAttributeValuesV3", ProductNumber=item, AttributeTypeName=kind, AttributeName=name,
        DataType=kind, **value,
    )  # fmt: skip


def defines(harness: Harness) -> None:
    """The shop has the attributes."""
    shop = harness.commerce.products.attributes
    for code, kind, *labels in (
        ("material", "select", "Oak"), ("color", "select"), ("length", "price"),
        ("is_new", "boolean"), ("finish", "text"), ("ean", "text"), ("unit", "text"),
    ):  # fmt: skip
        shop.define(code, kind, *labels)


def barcodes(harness: Harness, item: str, *codes: str, default: str = "") -> None:
    for code in codes:
        harness.dynamics.put(
            "ProductNumberIdentifiedBarcodes", dataAreaId=COMPANY, ProductNumber=item, Barcode=code,
            IsDefaultDisplayedBarcode="Yes" if code == default else "No",
        )  # fmt: skip


def tee(harness: Harness) -> None:
    """A master with two variants."""
    releases(harness, "TEE-M", name="Tee", ProductSubType="ProductMaster", SalesUnitSymbol="ea",
             InventoryUnitSymbol="ea")  # fmt: skip
    for color in ("Black", "White"):
        harness.dynamics.put(
            "ReleasedProductVariantsV2", dataAreaId=COMPANY, ItemNumber="TEE-M",
            ProductMasterNumber="TEE-M", ProductColorId=color,
            ProductVariantNumber=f"TEE-M:{color}",
        )  # fmt: skip


@in_harness(**owning("name", **ATTRIBUTES))
async def test_attributes_are_shown_as_the_shop_keeps_them(harness: Harness) -> None:
    defines(harness)
    has(harness, SKU, "MATERIAL", "Text", TextValue=" oak ")
    has(harness, SKU, "Length", "Decimal", DecimalValue=Decimal(250), UnitOfMeasure="cm")
    has(harness, SKU, "New", "TrueFalse", BooleanValue="Yes")
    harness.dynamics.put("UnitOfMeasureConversions", FromUnitSymbol="m", ToUnitSymbol="cm",
                         Factor=Decimal(100), Numerator=1, Denominator=1)  # fmt: skip
    barcodes(harness, SKU, "400111", "400222", default="400222")
    await publishes(harness)
    wanted = {"material": "6", "length": "2.5", "is_new": "1", "ean": "400222", "unit": "ea"}
    after = shown(harness)
    assert {name: after.get(name) for name in wanted} == wanted
    assert after.get("finish") is None
    assert (await harness.parked("products"), await drifts(harness)) == ([], [])
    has(harness, SKU, "MATERIAL", "Text", TextValue="")
    await publishes(harness)
    assert shown(harness).get("material") is None
    assert await drifts(harness) == []


@in_harness(**owning("name", **ATTRIBUTES))
async def test_a_value_that_no_attribute_can_show_parks_alone(harness: Harness) -> None:
    defines(harness)
    has(harness, SKU, "Material", "Text", TextValue="Elm")
    has(harness, OTHER, "Length", "Decimal", DecimalValue=Decimal(1), UnitOfMeasure="ft")
    has(harness, BOX, "New", "Text", TextValue="maybe")
    has(harness, "SIMPLE-004", "Finish", "Text", TextValue="a")
    has(harness, "SIMPLE-004", "Finish", "Integer", IntegerValue=2)
    barcodes(harness, "SIMPLE-005", "1", "2")
    await publishes(harness)
    reasons = {
        key: (await harness.claim(key, "products")).reason
        for key in await harness.parked("products")
    }
    assert reasons == {
        SKU: f'{SKU}: the attribute material of the shop has no option "Elm"',
        OTHER: f"{OTHER}: F&O has no conversion from ft to m for attribute Length",
        BOX: f'{BOX}: attribute is_new of the shop is a boolean, and F&O has "maybe"',
        "SIMPLE-004": "SIMPLE-004: F&O has 2 different values of attribute Finish, of several"
        " attribute types",
        "SIMPLE-005": "SIMPLE-005: F&O has 2 barcodes, and not one of them is the one to display",
    }
    assert shown(harness, "SIMPLE-006")["name"] == "Product SIMPLE-006"
    harness.commerce.products.attributes.add(
        harness.commerce.products.attributes.by_code["material"], "ELM"
    )
    await publishes(harness)
    assert shown(harness)["material"] == "7"


MAKING = owning("name", **ATTRIBUTES, options="create")
MAKING["flows"] = (*FLOWS, "product_options")


async def makes_options(harness: Harness) -> None:
    await harness.services.intake.accept("product_options", "shop", [EVERYTHING], "poll")
    await harness.works_until_idle()


def labels(harness: Harness, code: str) -> list[str]:
    return [*harness.commerce.products.attributes.by_code[code].options.values()]


@in_harness(**MAKING)
async def test_options_are_made_once_and_shown_by_the_next_run(harness: Harness) -> None:
    defines(harness)
    tee(harness)
    await maps(harness, ItemMapping("TEE-BLACK-S", "TEE-M", color="Black"),
               ItemMapping("TEE-WHITE-M", "TEE-M", color="WHITE"))  # fmt: skip
    has(harness, SKU, "Material", "Text", TextValue="Elm")
    has(harness, OTHER, "Material", "Text", TextValue="elm ")
    await publishes(harness)
    parked = [key for key in await harness.parked("products") if not key.startswith("item ")]
    assert (shown(harness).get("material"), parked) == (None, [])
    await makes_options(harness)
    assert (labels(harness, "material"), labels(harness, "color")) == (
        ["Oak", "Elm"], ["Black", "WHITE"],
    )  # fmt: skip
    await publishes(harness)
    shows = [(SKU, "material"), (OTHER, "material"), ("TEE-BLACK-S", "color"),
             ("TEE-WHITE-M", "color")]  # fmt: skip
    assert [label_of(harness, sku, code) for sku, code in shows] == ["Elm", "Elm", "Black", "WHITE"]
    count = harness.commerce.requests["POST products/attributes/{code}/options"]
    await makes_options(harness)
    assert harness.commerce.requests["POST products/attributes/{code}/options"] == count == 3
    assert await drifts(harness) == []


def label_of(harness: Harness, sku: str, code: str) -> str:
    """What a select attribute shows."""
    options = harness.commerce.products.attributes.by_code[code].options
    return options[int(shown(harness, sku)[code])]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE])
@in_harness(**MAKING)
async def test_a_lost_answer_makes_no_second_option(harness: Harness, kind: Kind) -> None:
    defines(harness)
    has(harness, SKU, "Material", "Text", TextValue="Elm")

    def where(arrival: Arrival) -> bool:
        return arrival.method == "POST" and arrival.path.endswith("options")

    harness.shop_dials.next(kind, where=where, seconds=40)
    await harness.services.intake.accept("product_options", "shop", [EVERYTHING], "poll")
    await harness.works_for(5)
    await harness.shop_dials.settle()
    await makes_options(harness)
    assert labels(harness, "material") == ["Oak", "Elm"]
    assert await harness.parked("product_options") == []


AXES = {"color": "color", "size": "size"}
CONFIGURABLE = owning(
    "name", "status", "tax_class", dimensions=AXES, configurables=True, create=True
)


async def masters(harness: Harness, *colors: str) -> None:
    """A master whose variants in these colours are mapped; the shop has their options and all
    prices."""
    attributes = harness.commerce.products.attributes
    attributes.define("color", "select", *dict.fromkeys(colors))
    attributes.define("size", "select", "M")
    releases(harness, "CAP", name="Cap", ProductSubType="ProductMaster", SalesUnitSymbol="ea",
             InventoryUnitSymbol="ea", SalesSalesTaxItemGroupCode="ALL")  # fmt: skip
    for place, color in enumerate(colors):
        harness.dynamics.put(
            "ReleasedProductVariantsV2", dataAreaId=COMPANY, ItemNumber="CAP",
            ProductMasterNumber="CAP", ProductColorId=color, ProductSizeId=f"M{place}"[:1],
            ProductVariantNumber=f"CAP:{place}",
        )  # fmt: skip
        await maps(harness, ItemMapping(f"CAP-{place}", "CAP", color=color, size="M"))
        harness.commerce.prices.base[f"cap-{place}"] = Decimal(9)


def offered(harness: Harness, sku: str = "CAP") -> list[str]:
    links = shown(harness, sku)["extension_attributes"]["configurable_product_links"]
    skus = {one.product_id: one.sku for one in harness.commerce.catalogue.products}
    return sorted(skus[number] for number in links)


@in_harness(**CONFIGURABLE)
async def test_a_master_is_shown_when_the_shop_has_its_variants(harness: Harness) -> None:
    await masters(harness, "Red", "Blue")
    await publishes(harness)
    assert (shown(harness, "CAP-0")["visibility"], offered(harness)) == (1, ["CAP-0", "CAP-1"])
    await publishes(harness)
    parent = shown(harness, "CAP")
    assert (parent["type_id"], parent["status"], parent["visibility"]) == ("configurable", 1, 4)
    assert offered(harness) == ["CAP-0", "CAP-1"]
    options = parent["extension_attributes"]["configurable_product_options"]
    assert [len(one["values"]) for one in options] == [2, 2]
    assert (await harness.parked("products"), await drifts(harness)) == ([], [])
    count = writes(harness)
    await publishes(harness)
    assert writes(harness) == count


@in_harness(**CONFIGURABLE)
async def test_a_variant_that_is_not_released_any_more_is_let_go_and_disabled(
    harness: Harness,
) -> None:
    await masters(harness, "Red", "Blue")
    for _ in range(3):
        await publishes(harness)
    variants = harness.dynamics.store.table("ReleasedProductVariantsV2").records
    (gone,) = [row for row in variants.values() if row["ProductColorId"] == "Blue"]
    harness.dynamics.store.delete("ReleasedProductVariantsV2", gone)
    await publishes(harness)
    assert (offered(harness), shown(harness, "CAP-1")["status"]) == (["CAP-0"], 2)
    await publishes(harness, "CAP", "touch")
    assert offered(harness) == ["CAP-0"]
    assert await drifts(harness) == []
    for row in [*variants.values()]:
        harness.dynamics.store.delete("ReleasedProductVariantsV2", row)
    await publishes(harness)
    assert [shown(harness, sku)["status"] for sku in ("CAP", "CAP-0")] == [2, 2]


@in_harness(**CONFIGURABLE)
async def test_two_variants_of_one_combination_park_their_master(harness: Harness) -> None:
    await masters(harness, "Red", "Blue")
    await maps(harness, ItemMapping("CAP-1", "CAP", color="red", size="M"))
    for _ in range(2):
        await publishes(harness)
    assert await harness.parked("products") == ["CAP"]
    claim = await harness.claim("CAP", "products")
    assert "its variants cap-0 and cap-1 have the same options" in claim.reason
    assert shown(harness, "CAP-1")["status"] == 1
    await maps(harness, ItemMapping("CAP-1", "CAP", color="Blue", size="M"))
    for _ in range(2):
        await publishes(harness)
    assert (offered(harness), await harness.parked("products")) == (["CAP-0", "CAP-1"], [])


@in_harness(**CONFIGURABLE)
async def test_a_master_whose_sku_is_another_kind_of_product_is_left_alone(
    harness: Harness,
) -> None:
    await masters(harness, "Red")
    await maps(harness, ItemMapping("KIT-DYN", "CAP"))
    for _ in range(2):
        await publishes(harness)
    assert shown(harness, "KIT-DYN")["name"] == "Kit Dyn"
    assert known_product(harness.commerce, "CAP") is None


IN_CATEGORIES = owning(
    "name", category_hierarchy="Web", categories={"71": 3, "72": 3, "73": 4}, create=True
)


def category(harness: Harness, record: int, name: str, *items: str) -> None:
    """A category of F&O, and the products that are assigned to it."""
    hierarchy, store = {"ProductCategoryHierarchyName": "Web"}, harness.dynamics.store
    for table in ("ProductCategories", "ProductCategoryAssignments"):
        for row in [*store.table(table).records.values()]:
            if table != "ProductCategories" or row["CategoryRecordId"] == record:
                store.delete(table, row)
    values = {"CategoryName": name, "CategoryRecordId": record, **hierarchy}
    harness.dynamics.put("ProductCategories", **values)
    for item in items:
        harness.dynamics.put("ProductCategoryAssignments", ProductNumber=item,
                             ProductCategoryName=name, **hierarchy)  # fmt: skip


def categories_of(harness: Harness, sku: str) -> set[int]:
    return harness.commerce.products.members.get(sku.casefold(), set())


@in_harness(**IN_CATEGORIES)
async def test_categories_are_those_of_f_and_o_and_others_stay(harness: Harness) -> None:
    harness.commerce.products.members |= {SKU.casefold(): {4, 5}, BOX.casefold(): {3, 5}}
    releases(harness, NEW, name="New")
    category(harness, 72, "Lamps", SKU, NEW)
    await publishes(harness)
    found = [categories_of(harness, sku) for sku in (SKU, NEW, OTHER, BOX)]
    assert found == [{3, 5}, {3}, set(), {5}]
    assert (await drifts(harness), await harness.parked("products")) == ([], [])
    count = harness.commerce.requests["PUT categories/{id}/products"]
    category(harness, 72, "Renamed lamps", SKU, NEW)
    await publishes(harness)
    assert categories_of(harness, SKU) == {3, 5}
    assert harness.commerce.requests["PUT categories/{id}/products"] == count
    category(harness, 99, "Of nobody", SKU)
    await publishes(harness)
    assert categories_of(harness, SKU) == {5}
    settings = harness.services.connections["shop"].products.categories
    settings["99"] = 77
    await publishes(harness)
    assert await harness.parked("products") == [SKU]
    assert "No such entity with id = 77" in (await harness.claim(SKU, "products")).reason


@in_harness(**WHOLE, commerce=SAAS)
async def test_a_shop_that_adobe_hosts_is_told_the_scope_in_a_header(harness: Harness) -> None:
    translates(harness, SKU, "de", "Lampe")
    releases(harness, SKU, name="Lamp")
    await publishes(harness)
    names = [shown(harness, scope=scope)["name"] for scope in ("all", "default", "de")]
    assert names == ["Lamp", "Lamp", "Lampe"]
    assert await drifts(harness) == []


@pytest.mark.parametrize("table", ["claims", "trail"])
@in_harness(**WHOLE)
async def test_a_run_that_dies_is_ended_by_the_next_one(harness: Harness, table: str) -> None:
    releases(harness, NEW, name="New", SalesSalesTaxItemGroupCode="ALL", InventoryUnitSymbol="ea")
    translates(harness, SKU, "de", "Lampe")
    await publishes(harness, SKU, "touch")
    releases(harness, SKU, name="First")
    await harness.services.intake.accept("products", "shop", [EVERYTHING], "poll")
    await harness.works_until_it_dies(before=table)
    releases(harness, SKU, name="Second")
    await publishes(harness)
    assert [shown(harness, SKU)["name"], shown(harness, NEW)["name"]] == ["Second", "New"]
    skus = [one.sku for one in harness.commerce.catalogue.products]
    assert len(skus) == len({*skus})
    assert (await drifts(harness), await harness.parked("products")) == ([], [])


@in_harness(**WHOLE)
async def test_two_processes_at_once_leave_what_f_and_o_says(harness: Harness) -> None:
    other = Harness.beside(harness)
    releases(harness, NEW, name="New", SalesSalesTaxItemGroupCode="ALL", InventoryUnitSymbol="ea")
    for key in (EVERYTHING, SKU, NEW):
        await harness.services.intake.accept("products", "shop", [key], "touch")
    releases(harness, SKU, name="Lamp")
    await asyncio.gather(harness.works_until_idle(), other.works_until_idle())
    await publishes(harness)
    assert [one.sku for one in harness.commerce.catalogue.products].count(NEW) == 1
    assert shown(harness)["name"] == "Lamp"
    assert (await drifts(harness), await harness.parked("products")) == ([], [])
    await other.services.close()


PIXEL = "aW1hZ2U="


def attaches(harness: Harness, item: str, name: str, *, main: str = "No", **more: Any) -> None:
    """An image is attached to a product, now."""
    values = {"FileType": "png", "Attachment": PIXEL, "IsProductImage": "Yes", **more}
    harness.dynamics.put(
        "ReleasedProductDocumentAttachments", dataAreaId=COMPANY, ItemNumber=item,
        DocumentAttachmentTypeCode="Image", AttachmentDescription=name,
        AttachedDateTime=harness.clock.now().replace(microsecond=0), IsDefaultProductImage=main,
        **values,
    )  # fmt: skip


def detaches(harness: Harness, name: str) -> None:
    table = "ReleasedProductDocumentAttachments"
    for row in [*harness.dynamics.store.table(table).records.values()]:
        if row["AttachmentDescription"] == name:
            harness.dynamics.store.delete(table, row)


def gallery(harness: Harness, sku: str = SKU) -> list[dict[str, Any]]:
    return harness.commerce.products.media.get(sku.casefold(), [])


@in_harness(**owning("name", images=True))
async def test_images_are_added_once_and_the_shops_own_stay(harness: Harness) -> None:
    own = {"id": 900, "file": "/o/u/ours.png", "types": ["image"], "label": "ours"}
    harness.commerce.products.media[SKU.casefold()] = [own]
    attaches(harness, SKU, "front", main="Yes")
    attaches(harness, SKU, "back")
    attaches(harness, SKU, "secret", ProductImageUsage="Internal")
    attaches(harness, SKU, "manual", IsProductImage="No")
    await publishes(harness)
    ours, *theirs = gallery(harness)
    assert (ours["id"], len(theirs)) == (900, 2)
    assert sorted("image" in one["types"] for one in theirs) == [False, True]
    assert (await drifts(harness), await harness.parked("products")) == ([], [])
    await harness.works_for(60)
    detaches(harness, "back")
    detaches(harness, "front")
    attaches(harness, SKU, "front", main="Yes")
    await publishes(harness)
    assert len(gallery(harness)) == 2
    assert {one["id"] for one in gallery(harness)} == {900, 3}
    harness.dynamics.store.table("ReleasedProductsV2").records.clear()
    await publishes(harness, origin="replay")
    assert len(gallery(harness)) == 2


@in_harness(**owning("name", images=True, largest_image_kilobytes=100))
async def test_an_image_that_the_shop_cannot_take_parks_its_product_alone(
    harness: Harness,
) -> None:
    attaches(harness, SKU, "huge", Attachment="A" * 400_000)
    attaches(harness, OTHER, "plan", FileType="tif")
    attaches(harness, BOX, "broken", Attachment="###")
    await publishes(harness)
    reasons = {
        key: (await harness.claim(key, "products")).reason
        for key in await harness.parked("products")
    }
    assert reasons == {
        SKU: f'{SKU}: image "huge" of item {SKU} has 300 kB',
        OTHER: f'{OTHER}: image "plan" of item {OTHER} is a tif',
        BOX: f"Commerce answered 400 to POST products/{BOX}/media: The … content must be valid"
        " … data.",
    }
    assert shown(harness)["name"] == f"Product {SKU}"  # all else of it is shown


@in_harness(**owning("name", images=True))
async def test_an_image_of_20_megabytes_or_one_that_a_proxy_refuses_parks_its_product_alone(
    harness: Harness,
) -> None:
    attaches(harness, SKU, "huge", Attachment="A" * 27_000_000)
    attaches(harness, OTHER, "large")
    attaches(harness, BOX, "front")

    def where(arrival: Arrival) -> bool:
        return arrival.path.endswith(f"{OTHER}/media")

    harness.shop_dials.next(Kind.ERROR_BEFORE, where=where, status=413, times=5)
    await publishes(harness)
    assert await harness.parked("products") == [SKU, OTHER]
    claims = [await harness.claim(sku, "products") for sku in (SKU, OTHER)]
    assert claims[0].reason.endswith(f'image "huge" of item {SKU} has 20250 kB')
    assert ("413" in claims[1].reason, "proxy" in claims[1].remedy) == (True, True)
    assert len(gallery(harness, BOX)) == 1


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE])
@in_harness(**owning("name", images=True))
async def test_a_lost_answer_adds_no_image_twice(harness: Harness, kind: Kind) -> None:
    attaches(harness, SKU, "front", main="Yes")

    def where(arrival: Arrival) -> bool:
        return arrival.method == "POST" and arrival.path.endswith("media")

    harness.shop_dials.next(kind, where=where, seconds=40)
    await harness.services.intake.accept("products", "shop", [EVERYTHING], "poll")
    await harness.works_for(5)
    await harness.shop_dials.settle()
    await publishes(harness)
    assert len(gallery(harness)) == 1
    assert await drifts(harness) == []
