"""Images of released products, as F&O's entities answer. They are listed without their content,
which is read one by one: large answers make the server slow (Microsoft)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sync.dynamics.documents.product_image import ProductImage
from sync.dynamics.odata import Filter, instant_of
from sync.dynamics.reader import ODataReader

IMAGES: Final = "ReleasedProductDocumentAttachments"
KEY: Final = (
    "dataAreaId", "ItemNumber", "DocumentAttachmentTypeCode", "AttachmentDescription",
    "AttachedDateTime",
)  # fmt: skip
IMAGE_FIELDS: Final = (
    *KEY, "FileType", "IsProductImage", "IsDefaultProductImage", "ProductImageUsage",
)  # fmt: skip
CONTENT: Final = "Attachment"


class ProductImages:
    """The images of one environment. Raises as the client does."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def all(self, company: str, item: str = "") -> Mapping[str, Sequence[ProductImage]]:
        """The images that people outside may see, by item number without case. `item`: only of
        this one."""
        where = Filter.eq("dataAreaId", company)
        where = where & Filter.eq("ItemNumber", item) if item else where
        found: dict[str, list[ProductImage]] = defaultdict(list)
        async for row in self._client.query(IMAGES, where=where, select=IMAGE_FIELDS, order_by=KEY):
            is_internal = row.get("ProductImageUsage") == "Internal"
            image = _image(row)
            if image is not None and row.get("IsProductImage") == "Yes" and not is_internal:
                found[image.item.casefold()].append(image)
        return found

    async def content(self, company: str, image: ProductImage) -> str:
        """The image in base64; empty where it is gone."""
        values = (company, image.item, image.document_type, image.description, image.attached_at)
        key = dict(zip(KEY, values, strict=True))
        row = await self._client.get(IMAGES, key, (*KEY, CONTENT))
        return str((row or {}).get(CONTENT) or "")


def _image(row: Mapping[str, Any]) -> ProductImage | None:
    attached = instant_of(row.get("AttachedDateTime"))
    if attached is None:
        return None
    item, document_type, description = (str(row.get(name) or "") for name in KEY[1:4])
    kind = str(row.get("FileType") or "").lower().lstrip(".")
    is_main = row.get("IsDefaultProductImage") == "Yes"
    return ProductImage(item, document_type, description, attached, kind, is_main)
