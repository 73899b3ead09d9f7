"""Which categories of a hierarchy products are assigned to, as F&O's entities answer.

Assignments name a category, and people rename categories: the record id of a category is what
stays.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from sync.dynamics.odata import Filter
from sync.dynamics.on_hand import MOST_TERMS
from sync.dynamics.reader import ODataReader

CATEGORIES: Final = "ProductCategories"
CATEGORY_FIELDS: Final = (
    "ProductCategoryHierarchyName", "CategoryName", "CategoryRecordId", "ParentProductCategoryName",
)  # fmt: skip
ASSIGNMENTS: Final = "ProductCategoryAssignments"
ASSIGNMENT_FIELDS: Final = (
    "ProductNumber", "ProductCategoryName", "ProductCategoryHierarchyName",
)  # fmt: skip
HIERARCHY: Final = "ProductCategoryHierarchyName"


class ProductCategories:
    """The categories of one environment. Raises as the client does."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def names(self, hierarchy: str) -> Mapping[str, str]:
        """The names of a hierarchy's categories, by record id."""
        rows = self._client.query(
            CATEGORIES, where=Filter.eq(HIERARCHY, hierarchy), select=CATEGORY_FIELDS,
            order_by=CATEGORY_FIELDS[:2],
        )  # fmt: skip
        return {str(row["CategoryRecordId"]): str(row["CategoryName"]) async for row in rows}

    async def assigned(
        self, hierarchy: str, products: Sequence[str] = ()
    ) -> Mapping[str, frozenset[str]]:
        """The record ids of the categories of products, by product number without case. `products`:
        only these, where they are few."""
        ids = {name.casefold(): one for one, name in (await self.names(hierarchy)).items()}
        where = Filter.eq(HIERARCHY, hierarchy)
        if 0 < len(products) <= MOST_TERMS:
            where &= Filter.any_of("ProductNumber", products)
        found: dict[str, set[str]] = defaultdict(set)
        async for row in self._client.query(
            ASSIGNMENTS, where=where, select=ASSIGNMENT_FIELDS, order_by=ASSIGNMENT_FIELDS
        ):
            number = str(row.get("ProductNumber") or "").casefold()
            if one := ids.get(str(row.get("ProductCategoryName") or "").casefold()):
                found[number].add(one)
        return {number: frozenset(one) for number, one in found.items()}
