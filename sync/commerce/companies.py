"""What the flows ask a shop about its B2B companies, and about the regions that companies name by
id alone."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.errors import NotAllowed, NotThere
from sync.commerce.filters import Op, where
from sync.commerce.models.company import FIELDS
from sync.commerce.models.region import Region
from sync.commerce.rest import BY_ID, RestClient
from sync.commerce.search import Search, Sort
from sync.core.errors import Never
from sync.core.request import Request

log = logging.getLogger("sync.commerce.companies")

PATH: Final = "company/"
ROLES: Final = "company/role/"
ASSIGN: Final = "company/assignRoles"
BY_ROLE: Final = (Sort("role_id"),)
RELATIONS: Final = "company/relations"


def lock_of(company: int | str) -> str:
    """The name of this process's lock (`Systems.one_at_a_time`) for reading a company, changing a
    part of it and saving it whole: several flows do."""
    return f"company|{company}"


class Companies:
    """The companies of one shop. Answers are raw JSON; errors as the client's."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._by_id = client.joined(self._by_ids)
        self._known: dict[str, list[Region]] = {}

    async def by_id(self, company_id: int) -> dict[str, Any] | None:
        """The company, or None when there is none (any more)."""
        return await self._by_id.get(company_id)

    async def every(self, *, after: int = 0) -> AsyncIterator[dict[str, Any]]:
        """All companies with a greater id than `after`, as far as the product reads them: the list
        has no time of change to ask by."""
        search = Search(sorts=BY_ID, page_size=self._client.settings.page_size, fields=FIELDS)
        if after:
            search = search.having(where("entity_id", Op.GT, after))
        async for page in self._client.pages(PATH, search, key="id"):
            for row in page.items:
                if str(row.get("id", "")).isdecimal():
                    yield row
                else:
                    log.warning("commerce.rows_unusable key=%s count=%d", "id", 1)

    async def having(self, field: str, value: str) -> list[dict[str, Any]]:
        """The companies whose column has this value, whatever its case, by id."""
        size = self._client.settings.page_size
        search = Search(sorts=BY_ID, page_size=size).having(where(field, Op.EQ, value))
        return await self._client.rows(PATH, search, key="id")

    async def create(self, company: Mapping[str, Any], *, not_after: datetime) -> int:
        """Make a company of a customer, its administrator; its id. Not safe to repeat."""
        return await self._client.made(PATH, {"company": dict(company)}, not_after=not_after)

    async def save(
        self, company_id: int, company: Mapping[str, Any], *, not_after: datetime
    ) -> None:
        """Save a company whole, as it was read with what is to be changed: what is left out may be
        reset. Safe to repeat."""
        path = path_of("company", company_id)
        await self._client.put(path, {"company": dict(company)}, not_after=not_after)

    async def parent_of(self, company: int) -> int | None:
        """The company that this one is assigned to; None for one of its own. Raises as
        `parents`."""
        return (await self.parents(company)).get(company)

    async def parents(self, company: int | None = None) -> dict[int, int]:
        """The parent of each company that has one, or of this one. Raises `Never` where the shop
        lists no such relations: they came with B2B 1.5 (Commerce 2.4.7)."""
        size = self._client.settings.page_size
        search = Search(sorts=(Sort("company_id"),), page_size=size)
        if company is not None:
            search = search.having(where("company_id", Op.EQ, company))
        try:
            rows = await self._client.rows(RELATIONS, search, key="company_id")
        except NotAllowed:
            raise
        except Never as error:
            raise Never(
                f"the shop lists no relations of companies: {error.reason}",
                remedy=(
                    "Update its B2B modules to 1.5 or later, or write accounts.parents ="
                    ' "leave" in connections.toml.'
                ),
            ) from error
        return {int(row["company_id"]): int(row["parent_id"]) for row in rows}

    async def move(
        self, company: int, before: int | None, parent: int | None, *, not_after: datetime
    ) -> None:
        """Assign a company to this parent, None for none, in place of `before`. Not safe to
        repeat: a company has one parent."""
        for one in relation_requests(company, before, parent):
            path = one.path.removeprefix("/V1/")
            if one.method == "DELETE":
                await self._client.delete(path, not_after=not_after)
            else:
                await self._client.post(path, one.body, not_after=not_after)

    async def role_named(self, company: int, name: str) -> dict[str, Any] | None:
        """The role of a company with this name, whole; None where it has none."""
        search = Search(sorts=BY_ROLE).having(where("company_id", Op.EQ, company))
        rows = await self._client.rows(ROLES, search, key="id")
        return next((row for row in rows if row.get("role_name") == name), None)

    async def assign_role(
        self, customer: int, role: Mapping[str, Any], *, not_after: datetime
    ) -> None:
        """Give a user of a company this role, in place of what they had. Safe to repeat."""
        body = {"userId": customer, "roles": [dict(role)]}
        await self._client.put(ASSIGN, body, not_after=not_after)

    async def allows(self, company: int, customer: int, resource: str) -> bool:
        """Whether a user's role in a company allows a resource (`Magento_Sales::view_orders_sub`).
        Everything that a role does not allow is denied."""
        search = Search(sorts=BY_ROLE).having(where("company_id", Op.EQ, company))
        for role in await self._client.rows(ROLES, search, key="id"):
            allowed = {
                str(one.get("resource_id"))
                for one in role.get("permissions") or ()
                if one.get("permission") == "allow"
            }
            if resource in allowed and customer in await self._users_with(int(role["id"])):
                return True
        return False

    async def users_of(self, company: int) -> set[int]:
        """The customers who have a role in a company; its administrator has none."""
        search = Search(sorts=BY_ROLE).having(where("company_id", Op.EQ, company))
        roles = await self._client.rows(ROLES, search, key="id")
        return {user for role in roles for user in await self._users_with(int(role["id"]))}

    async def _users_with(self, role: int) -> set[int]:
        users = await self._client.get(path_of("company", "role", role, "users"))
        return {int(user["id"]) for user in users or ()}

    async def region_code(self, country: str, region_id: str) -> str:
        """The code of a region ("CA" for 12 of US), or empty. A country's regions are asked for
        once per process."""
        if not country or not region_id:
            return ""
        found = (one.code for one in await self.regions(country) if one.id == region_id)
        return next(found, "")

    async def regions(self, country: str) -> list[Region]:
        """The regions of a country; none where the shop lists none."""
        if country not in self._known:
            self._known[country] = await self._regions(country)
        return self._known[country]

    async def _by_ids(self, ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        """One company by its own address, several by one search."""
        if len(ids) == 1:
            one = await self._one(ids[0])
            return {} if one is None else {ids[0]: one}
        return await self._client.by_ids(PATH, ids, key="id")

    async def _one(self, company_id: int) -> dict[str, Any] | None:
        try:
            found = await self._client.get(path_of("company", company_id))
        except NotThere:
            return None
        return found if isinstance(found, dict) else None

    async def _regions(self, country: str) -> list[Region]:
        try:
            found = await self._client.get(path_of("directory", "countries", country))
        except NotThere:
            return []
        rows = (found.get("available_regions") if isinstance(found, dict) else None) or []
        names = ("id", "code", "name")
        return [Region(*(str(row.get(name) or "") for name in names)) for row in rows]


def relation_requests(company: int, before: int | None, parent: int | None) -> list[Request]:
    """What moves a company from one parent to another. Source: Adobe's REST schema of 2.4.7
    (companyRelationRelationManagerV1)."""
    found = list[Request]()
    if before is not None and before != parent:
        path = path_of("company", before, "relations", company)
        found.append(Request("DELETE", f"/V1/{path}", None))
    if parent is not None and before != parent:
        relation = {"company_id": company, "parent_id": parent}
        path = path_of("company", parent, "relations")
        found.append(Request("POST", f"/V1/{path}", {"relations": [relation]}))
    return found
