"""Product writes of the shop, as recorded on 2.4.7-p8 and 2.4.8-p1."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.commerce.recipe import plain
from sandbox.commerce.state import CommerceState
from sync.core.encoding import from_json, to_json

SKU = "SIMPLE-001"
WHOLE: dict[str, Any] = {
    "sku": "NEW-1", "name": "New One", "attribute_set_id": 4, "price": 1, "type_id": "simple",
}  # fmt: skip


async def asked(
    shop: httpx.AsyncClient, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    headers = {"content-type": "application/json"}
    content = None if body is None else to_json(body)
    answer = await shop.request(method, f"/rest/{path}", content=content, headers=headers)
    return answer.status_code, from_json(answer.content)


async def put(shop: httpx.AsyncClient, scope: str, **product: Any) -> tuple[int, Any]:
    return await asked(shop, "PUT", f"{scope}/V1/products/{SKU.lower()}", {"product": product})


async def name_in(shop: httpx.AsyncClient, scope: str) -> str:
    return str((await asked(shop, "GET", f"{scope}/V1/products/{SKU}"))[1]["name"])


async def test_a_store_view_shows_its_own_value_until_null_takes_it_back(
    shop: httpx.AsyncClient,
) -> None:
    assert (await put(shop, "all", name="All"))[1]["sku"] == SKU
    status, answer = await put(shop, "de", name="Deutsch")
    assert (status, answer["name"], answer["price"]) == (200, "Deutsch", Decimal("9.99"))
    await put(shop, "all", name="All 2")
    assert [await name_in(shop, scope) for scope in ("all", "default", "de")] == [
        "All 2", "All 2", "Deutsch",
    ]  # fmt: skip
    await put(shop, "de", name=None)
    assert await name_in(shop, "de") == "All 2"
    await put(shop, "de", name="All 2")
    await put(shop, "all", name="All 3")
    assert await name_in(shop, "de") == "All 3"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sku": ""}, 'The "%1" attribute value is empty'),
        ({"name": ""}, 'The "Product Name" attribute value is empty'),
        ({"attribute_set_id": 9}, "Invalid product data: %1"),
        ({"sku": "X" * 65}, "SKU length should be 64 characters maximum."),
        ({"name": "BOOK-7"}, "URL key for specified store already exists."),
        ({"custom_attributes": [{"attribute_code": "tax_class_id", "value": "x"}]}, '"int" type'),
    ],
)
async def test_a_product_that_is_not_whole_is_refused(
    shop: httpx.AsyncClient, changed: dict[str, Any], said: str
) -> None:
    status, answer = await asked(shop, "POST", "all/V1/products", {"product": WHOLE | changed})
    assert (status, said in answer["message"]) == (400, True)


async def test_a_product_is_made_by_either_way_and_has_a_stock_item(
    shop: httpx.AsyncClient,
) -> None:
    status, answer = await asked(shop, "POST", "all/V1/products", {"product": WHOLE})
    assert (status, answer["sku"], answer["status"]) == (200, "NEW-1", 1)
    attributes = [{"attribute_code": "nobody", "value": "x"},
                  {"attribute_code": "tax_class_id", "value": 5}]  # fmt: skip
    body = {"product": {**WHOLE, "name": "Other", "custom_attributes": attributes}}
    status, answer = await asked(shop, "PUT", "all/V1/products/NEW-2", body)
    assert (status, answer["sku"]) == (200, "NEW-2")
    codes = {one["attribute_code"]: one["value"] for one in answer["custom_attributes"]}
    assert (codes["tax_class_id"], codes["url_key"], "nobody" in codes) == (5, "other", False)
    assert (await asked(shop, "GET", "all/V1/stockItems/NEW-2"))[1]["qty"] == 0


async def test_limits_of_a_stock_item_need_their_flags(shop: httpx.AsyncClient) -> None:
    path = f"all/V1/products/{SKU}/stockItems/1"
    bad = {"stockItem": {"min_sale_qty": 6, "use_config_min_sale_qty": False}}
    assert (await asked(shop, "PUT", path, bad))[0] == 400
    sent = {"min_sale_qty": 6, "use_config_min_sale_qty": 0, "max_sale_qty": 60}
    assert (await asked(shop, "PUT", path, {"stockItem": sent}))[0] == 200
    found = (await asked(shop, "GET", f"all/V1/stockItems/{SKU}"))[1]
    assert (found["min_sale_qty"], found["max_sale_qty"]) == (6, 10000)


async def test_tax_classes_and_attribute_sets_are_told(shop: httpx.AsyncClient) -> None:
    found = await asked(shop, "GET", "all/V1/taxClasses/search?searchCriteria[pageSize]=9")
    assert [one["class_id"] for one in found[1]["items"]] == [2, 5]
    assert (await asked(shop, "GET", "all/V1/products/attribute-sets/4"))[0] == 200
    assert (await asked(shop, "GET", "all/V1/products/attribute-sets/9"))[0] == 404


async def test_variants_are_linked_by_a_whole_list_and_need_values(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    color = state.products.attributes.define("color", "select", "Red", "Blue")
    red, blue = color.options
    parent = {"product": {**WHOLE, "type_id": "configurable"}}
    assert (await asked(shop, "POST", "all/V1/products", parent))[0] == 200

    async def valued(sku: str, value: int) -> None:
        code = [{"attribute_code": "color", "value": value}]
        body = {"product": {"custom_attributes": code}}
        assert (await asked(shop, "PUT", f"all/V1/products/{sku}", body))[0] == 200

    async def links(*ids: int) -> tuple[int, Any]:
        options = [{"attribute_id": str(color.number), "label": "C", "values": []}]
        sent = {"configurable_product_options": options, "configurable_product_links": list(ids)}
        body = {"product": {"extension_attributes": sent}}
        status, answer = await asked(shop, "PUT", "all/V1/products/NEW-1", body)
        extension = answer.get("extension_attributes", {})
        return status, extension.get("configurable_product_links", answer.get("message"))

    assert (await links(1))[1] == 'Product with id "%1" does not contain required attribute "%2".'
    await valued("SIMPLE-001", red)
    await valued("SIMPLE-002", blue)
    assert await links(1, 2) == (200, [1, 2])
    (order,) = state.place_new(**plain(state.catalogue, {"NEW-1": 1}))
    sold = [(row["sku"], row["base_price"]) for row in order.items]
    assert sold == [("SIMPLE-002", Decimal("0.99")), ("SIMPLE-002", 0)]
    await valued("SIMPLE-003", red)
    assert await links(1, 2, 3) == (200, [1, 2, 3])
    status, said = await links(1, 3)
    assert (status, "have the same set of attribute values" in said) == (400, True)


async def test_images_are_always_added_and_roles_are_taken_over(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    path = f"all/V1/products/{SKU}/media"

    def entry(data: str = "aW1hZ2U=", *types: str) -> dict[str, Any]:
        content = {"base64_encoded_data": data, "type": "image/png", "name": "Front.png"}
        return {"entry": {"media_type": "image", "types": [*types], "content": content}}

    assert (await asked(shop, "POST", path, entry("###")))[0] == 400
    assert await asked(shop, "POST", path, entry()) == (200, "1")
    assert await asked(shop, "POST", path, entry("aW1hZ2U=", "image")) == (200, "2")
    first, second = (await asked(shop, "GET", f"all/V1/products/{SKU}"))[1]["media_gallery_entries"]
    assert [first["file"], second["file"]] == ["/f/r/front.png", "/f/r/front_1.png"]
    assert ("image" in first["types"], second["types"]) == (False, ["image"])
    assert await asked(shop, "DELETE", f"{path}/1") == (200, True)
    assert (await asked(shop, "DELETE", f"{path}/1"))[0] == 404
    assert len(state.products.media[SKU.casefold()]) == 1
