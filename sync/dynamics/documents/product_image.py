"""An image that is attached to a released product."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.core.encoding import digest

PREFIX: Final = "fo-"
"""Begins the file name of each image that came from F&O."""
MARK: Final = 16


@dataclass(frozen=True)
class ProductImage:
    """Its key in F&O. `kind`: of the file, as in "png". `is_main`: the product's default image."""

    item: str
    document_type: str
    description: str
    attached_at: datetime
    kind: str
    is_main: bool

    @property
    def name(self) -> str:
        """What its file is called in the shop, without its kind: another one when it was attached
        again, or has become the main one."""
        parts = (self.document_type, self.description, self.attached_at.isoformat(), self.is_main)
        return PREFIX + digest([self.item.casefold(), *map(str, parts)])[:MARK]
