"""Images of F&O's products as those of a shop: known by the names of their files, which change with
the image."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sync.dynamics.documents.product_image import MARK, PREFIX, ProductImage
from sync.mapping.unshowable import Unshowable

IMAGES: Final = "images of it"
"""No store view's code has a space."""
FILES: Final = "files"
KINDS: Final = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
"""What the shop takes."""
ROLES: Final = ("image", "small_image", "thumbnail")
_OURS: Final = re.compile(rf"/({PREFIX}[0-9a-f]{{{MARK}}})(?:_\d+)?\.\w+$")
"""A name that was taken gets a number behind it (measured)."""


def images_to_show(sku: str, images: Sequence[ProductImage]) -> dict[str, Any]:
    """The files that the shop shows of F&O's. Raises `Unshowable`."""
    for one in images:
        if one.kind not in KINDS:
            raise Unshowable(
                f'{sku}: image "{one.description}" of item {one.item} is a {one.kind or "file"}',
                remedy="Attach it in F&O as jpg, png or gif, or clear Product image of the"
                " attachment.",
            )
    return {FILES: sorted(one.name for one in images)}


def shown_images(entries: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The ids of a product's images that came from F&O, by name."""
    found = ((_OURS.search(str(one.get("file"))), one) for one in entries)
    return {name[1]: int(one["id"]) for name, one in found if name}


def entry_of(image: ProductImage, content: str, label: str) -> dict[str, Any]:
    """An image as the shop takes it; the main one takes the roles over."""
    return {
        "media_type": "image", "label": label, "disabled": False,
        "position": 1 if image.is_main else 2, "types": list(ROLES) if image.is_main else [],
        "content": {
            "base64_encoded_data": content, "type": KINDS[image.kind],
            "name": f"{image.name}.{image.kind}",
        },
    }  # fmt: skip
