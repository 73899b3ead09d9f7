"""Images of products, as recorded on 2.4.7-p8: adding always adds, a file name that is taken gets a
number, and roles that are named are taken over."""

from base64 import b64decode
from binascii import Error
from typing import Final

from sandbox.commerce.conditions import as_text
from sandbox.commerce.faults import RestFault, no_such_entity
from sandbox.commerce.products import UNKNOWN, known_product
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest

INVALID: Final = "The image content must be valid base64 encoded data."
ROLES: Final = ("image", "small_image", "swatch_image", "thumbnail")


def _gallery(call: RestRequest) -> list[Columns]:
    product = known_product(call.state, call.arguments["sku"])
    if product is None:
        raise RestFault(404, UNKNOWN)
    return call.state.products.media.setdefault(as_text(product.sku), [])


def add(call: RestRequest) -> str:
    """`POST products/{sku}/media`; the id, as a text."""
    gallery, sent, shop = _gallery(call), call.argument("entry"), call.state.products
    content = sent.get("content") or {}
    try:
        if not b64decode(str(content.get("base64_encoded_data")), validate=True):
            raise RestFault(400, INVALID)
    except Error:
        raise RestFault(400, INVALID) from None
    roles = sent.get("types") or ([] if gallery else list(ROLES))
    for one in gallery:
        one["types"] = [role for role in one["types"] if role not in roles]
    stem, _, kind = str(content.get("name")).lower().rpartition(".")
    taken = {one["file"] for media in shop.media.values() for one in media}
    names = [f"/{stem[0]}/{stem[1]}/{stem}{number}.{kind}" for number in ("", "_1", "_2", "_3")]
    shop.last_image += 1
    entry = {"id": shop.last_image, "media_type": "image", "label": sent.get("label"),
             "types": roles, "file": next(one for one in names if one not in taken)}  # fmt: skip
    gallery.append(entry)
    return str(shop.last_image)


def remove(call: RestRequest) -> bool:
    """`DELETE products/{sku}/media/{id}`."""
    gallery, number = _gallery(call), call.whole("id")
    found = [one for one in gallery if one["id"] == number]
    if not found:
        raise no_such_entity()
    gallery.remove(found[0])
    return True


WRITES: Final = "Magento_Catalog::catalog"
MEDIA: Final = (
    Endpoint("POST", "products/{sku}/media", WRITES, add),
    Endpoint("DELETE", "products/{sku}/media/{id}", WRITES, remove),
)
