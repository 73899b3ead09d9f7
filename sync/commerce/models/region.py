"""A region of a country, as a shop's directory names it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """`id` "12", `code` "CA", `name` "California". Countries that the shop lists no regions of have
    a name alone."""

    id: str
    code: str
    name: str

    def is_called(self, text: str) -> bool:
        """Whether it is meant by a code or a name, whatever its case."""
        return text.casefold() in (self.code.casefold(), self.name.casefold())


def region_called(text: str, regions: Iterable[Region]) -> Region:
    """The region that a state of F&O is; by its name alone where the shop does not list it."""
    found = (one for one in regions if text and one.is_called(text))
    return next(found, Region("", "", text))
