"""Where the credit publication writes: the limit of a company's credit, and its ways to pay."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce.companies import lock_of
from sync.commerce.company_credits import CompanyCredit
from sync.commerce.company_methods import having, offered
from sync.commerce.errors import NotAccepted, NotThere
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.mirror import Shown
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.credit.credit_rows import CREDIT, METHODS, CreditRow
from sync.flows.targets import commerce_of

COMMENT = "Credit of F&O"


@dataclass(frozen=True)
class ShopCredit(RowTarget):
    """Company credit in Commerce. What a company no longer mapped to an account shows stays."""

    most: int = 25
    is_whole: ClassVar[bool] = False

    @override
    def timing(self, systems: Systems) -> Target:
        return commerce_of(systems)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        found = [row for row in rows if isinstance(row, CreditRow) and row.credit is not None]
        return [request for row in found for request in _requests(row, systems)]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        refused: dict[str, Never] = {}
        for row in rows:
            if isinstance(row, CreditRow) and row.content is not None:
                try:
                    await self._show(row, systems, not_after)
                except (NotAccepted, NotThere, NotShown) as error:
                    refused[row.key] = error
        return refused

    async def _show(self, row: CreditRow, systems: Systems, not_after: datetime) -> None:
        """Ways to pay are withheld before the limit is raised or lowered."""
        if METHODS in row.content:
            await self._methods(row, systems, not_after)
        client, wanted = systems.commerce.company_credits, row.content[CREDIT]
        there = await client.of(int(row.key))
        if there is None:
            raise _gone(row.key)
        if _content(there) != wanted:
            await client.save(_body(there, wanted), not_after=not_after)
            there = await client.of(int(row.key))
            if there is None or _content(there) != wanted:
                raise NotShown(
                    f"company {row.key}: the shop took a credit limit of {_words(wanted)} and shows"
                    f" {'nothing' if there is None else _words(_content(there))}",
                    remedy=(
                        "Look what else writes company credits in Commerce (an import, another"
                        " integration), then run: touch the company again."
                    ),
                )

    async def _methods(self, row: CreditRow, systems: Systems, not_after: datetime) -> None:
        settings, companies = systems.settings.credit, systems.commerce.companies
        async with systems.one_at_a_time(lock_of(row.key)):
            company = await companies.by_id(int(row.key))
            if company is None:
                raise _gone(row.key)
            now = offered(company, settings.methods)
            wanted = _wanted_methods(row, now, settings.on_account)
            if set(wanted) != set(now):
                body = having(company, wanted, settings.methods)
                await companies.save(int(row.key), body, not_after=not_after)

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        client, settings = systems.commerce.company_credits, systems.settings.credit
        found: dict[str, dict[str, Any]] = {}
        async for credit in client.every():
            if keys is None or str(credit.company_id) in keys:
                found[str(credit.company_id)] = {CREDIT: _content(credit)}
        if settings.methods:
            async for row in client.methods_of_companies():
                offers = set(offered(row, settings.methods)) & set(settings.on_account)
                if str(row["id"]) in found:
                    found[str(row["id"])][METHODS] = {"withheld": not offers}
        return found


class NotShown(Never):
    """The shop shows something else than it took, or nothing."""


def _gone(key: str) -> Never:
    return NotShown(
        f"company {key} is not in Commerce (any more)",
        remedy=f"Remove its row: map customers remove {key} --kind company.",
    )


def _content(credit: CompanyCredit) -> dict[str, Any]:
    return {"limit": credit.limit, "may_exceed": credit.may_exceed}


def _body(there: CompanyCredit, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": there.id, "company_id": there.company_id, "credit_limit": wanted["limit"],
        "currency_code": there.currency, "exceed_limit": wanted["may_exceed"],
        "credit_comment": COMMENT,
    }  # fmt: skip


def _wanted_methods(row: CreditRow, now: Sequence[str], on_account: Sequence[str]) -> list[str]:
    """Without those on account, or with those that were taken."""
    if row.content[METHODS]["withheld"]:
        return [one for one in now if one not in on_account]
    return list(dict.fromkeys([*now, *row.prepared.taken]))


def _requests(row: CreditRow, systems: Systems) -> list[Request]:
    assert row.credit is not None
    found = list[Request]()
    if row.content is None:
        return found
    if METHODS in row.content:
        settings = systems.settings.credit
        company = {"id": row.credit.company_id}
        wanted = _wanted_methods(row, settings.methods, settings.on_account)
        body = having(company, wanted, settings.methods)
        found.append(Request("PUT", f"/V1/company/{row.key}", {"company": body}))
    if _content(row.credit) != row.content[CREDIT]:
        body = _body(row.credit, row.content[CREDIT])
        path = f"/V1/companyCredits/{row.credit.id}"
        found.append(Request("PUT", path, {"creditLimit": body}))
    return found


def _words(content: Mapping[str, Any]) -> str:
    limit = content["limit"]
    shown = "none" if limit is None else f"{Decimal(limit):f}"
    return f"{shown} (may be exceeded)" if content["may_exceed"] else shown
