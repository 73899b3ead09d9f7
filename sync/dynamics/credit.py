"""The credit of accounts, as F&O's entities answer: limits, holds, open transactions, what remains
of sales orders, and the last aging snapshot.

A limit is that of the account that invoices go to; what its order accounts have ordered counts
against it. None of these sets has a time of change, so all of a legal entity is read at once.
"""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any, Final

from sync.config.connections import Dynamics
from sync.config.connections.credit import Credit as Settings
from sync.core.errors import Never
from sync.dynamics.credit_book import CreditBook, GroupMember
from sync.dynamics.credit_orders import FEW, CreditOrders
from sync.dynamics.documents.credit_account import (
    Check,
    GroupCredit,
    Hold,
    OpenItem,
    TemporaryLimit,
)
from sync.dynamics.field_values import day_of
from sync.dynamics.odata import Filter, Member
from sync.dynamics.odata_client import ODataClient

CUSTOMERS: Final = "CustomersV3"
CUSTOMER_FIELDS: Final = (
    "CustomerAccount", "InvoiceAccount", "SalesCurrencyCode", "CreditLimit",
    "CreditLimitIsMandatory", "CredManCustUnlimitedCredit", "CredManExclude",
    "CredManCreditLimitExpiryDate", "CredManAccountStatusId", "OnHoldStatus",
)  # fmt: skip
OPEN, OPEN_FIELDS = "CustTransOpens", ("AccountNum", "AmountMST", "DueDate", "RefRecId")
DISPUTES, DISPUTE_FIELDS = "CustDisputes", ("CustTrans", "Status")
DISPUTED: Final = ("Disputed", "PromiseToPay")
SNAPSHOT: Final = "CustAIAgedBalances"
SNAPSHOT_AMOUNTS: Final = ("AmountDueMst", "PackingSlipBalanceMst", "OpenOrderBalanceMst")
SNAPSHOT_FIELDS: Final = ("CustAccount", "AgingDate", *SNAPSHOT_AMOUNTS)
TEMPORARY: Final = "TemporaryCreditLimits"
TEMPORARY_FIELDS: Final = ("CustAccount", "CreditLimitId", "FromDate", "ToDate", "CreditMax")
STATUSES: Final = "CreditManagementAccountStatuses"
STATUS_FIELDS: Final = ("CustAccountStatusId", "CustBlocked")
HOLDS: Final = "CredManTableBiEntities"
HOLD_FIELDS: Final = ("CustAccount", "SalesId", "CredManReason", "Rejected", "Active")
GROUPS: Final = "CustomerCreditGroups"
GROUP_FIELDS: Final = ("CreditLimitId", "CreditMax", "CurrencyCode", "ExpiryDate")
MEMBERS, MEMBER_FIELDS = "CustomerCreditGroupLines", ("Company", "CustAccount", "CreditLimitId")
PARAMETERS, CHECK_TYPE = "CustomerParameters", "CreditLimitCheckType"
KEYS: Final = {
    CUSTOMERS: ("dataAreaId", "CustomerAccount"),
    OPEN: ("dataAreaId", "SysRecId"),
    DISPUTES: ("dataAreaId", "SysRecId"),
    SNAPSHOT: ("dataAreaId", "CustAccount", "AgingPeriodDefinition"),
    TEMPORARY: ("CustAccount", "CustAccountDataArea", "CreditLimitId", "FromDate", "ToDate"),
    HOLDS: ("CredManId", "Company"),
    MEMBERS: ("Company", "CustAccount"),
}
"""By what pages are ordered, so that none repeats or skips a row."""
YES: Final = Member("NoYes", "Yes")


class CreditAccounts:
    """The credit of one environment's accounts. Raises as the client does."""

    def __init__(self, client: ODataClient, settings: Dynamics) -> None:
        self._client = client
        self.orders = CreditOrders(client, settings)

    async def check(self, company: str, settings: Settings) -> Check:
        """What counts against a limit there."""
        if settings.check != "parameter":
            return Check(settings.check)
        key = {"dataAreaId": company}
        row = await self._client.get(PARAMETERS, key, select=("dataAreaId", CHECK_TYPE))
        if row is None:
            raise Never(
                f"{PARAMETERS} has no row for legal entity {company}",
                remedy='Name what counts in connections.toml: credit.check = "BalanceAll".',
            )
        return Check(str(row[CHECK_TYPE]))

    async def read(
        self, company: str, settings: Settings, check: Check, account: str = ""
    ) -> CreditBook:
        """All accounts of a legal entity, or one with those that it pays for."""
        book = CreditBook(
            company,
            limit_currency=settings.currency if settings.limit_currency == "accounting" else "",
        )
        await self._customers(book, company, account)
        payer = book.payer_of(account) if account else ""
        if account and not payer:
            return book
        accounts = [str(book.customers[name]["CustomerAccount"]) for name in book.owing_to(payer)
                    if name in book.customers]  # fmt: skip
        await self._balances(book, company, settings, accounts)
        if check in (Check.DELIVERED, Check.ALL) and settings.orders != "snapshot":
            await self._lines(book, company, settings, accounts)
        await self._decisions(book, company, settings)
        return book

    async def _customers(self, book: CreditBook, company: str, account: str) -> None:
        here = Filter.eq("dataAreaId", company)
        async for row in self._rows(
            CUSTOMERS, here & Filter.eq("CustomerAccount", account) if account else here,
            CUSTOMER_FIELDS,
        ):  # fmt: skip
            book.take_customer(row)
        payer = book.payer_of(account) if account else ""
        if not payer:
            return
        related = Filter.eq("CustomerAccount", payer) | Filter.eq("InvoiceAccount", payer)
        async for row in self._rows(CUSTOMERS, here & related, CUSTOMER_FIELDS):
            book.take_customer(row)

    async def _balances(
        self, book: CreditBook, company: str, settings: Settings, accounts: Sequence[str]
    ) -> None:
        """Of these accounts; of all where none is named."""
        where = _of(company, "AccountNum", accounts)
        if settings.balances == "open-items" or settings.overdue == "block":
            disputed = await self._disputed(company) if settings.disputed == "excused" else set()
            async for row in self._rows(OPEN, where, OPEN_FIELDS):
                is_disputed = row.get("RefRecId") in disputed
                item = OpenItem(Decimal(row["AmountMST"]), day_of(row["DueDate"]), is_disputed)
                book.items[str(row["AccountNum"]).casefold()].append(item)
        if "snapshot" in (settings.balances, settings.orders):
            async for row in self._rows(
                SNAPSHOT, _of(company, "CustAccount", accounts), SNAPSHOT_FIELDS
            ):
                book.take_snapshot(row, SNAPSHOT_AMOUNTS)

    async def _disputed(self, company: str) -> set[Any]:
        statuses = [Member("CustVendDisputeStatus", name) for name in DISPUTED]
        where = Filter.eq("dataAreaId", company) & Filter.any_of("Status", statuses)
        return {row["CustTrans"] async for row in self._rows(DISPUTES, where, DISPUTE_FIELDS)}

    async def _lines(
        self, book: CreditBook, company: str, settings: Settings, accounts: Sequence[str]
    ) -> None:
        """A line's account is that of its order, except where whole lines are read: their header
        names the account that the invoice goes to."""
        is_whole = settings.orders == "order-lines"
        read = self.orders.whole if is_whole else self.orders.remaining
        async for account, line in read(company, accounts):
            book.lines[account.casefold()].append(line)

    async def _decisions(self, book: CreditBook, company: str, settings: Settings) -> None:
        """What people and Credit management decided."""
        if not settings.credit_management:
            return
        asked = {"temporary", "statuses", "holds", "groups"} - set(settings.left_out)
        if "temporary" in asked:
            await self._temporary(book, company)
        if "statuses" in asked:
            await self._statuses(book, company)
        if "holds" in asked:
            await self._holds(book, company)
        if "groups" in asked:
            await self._groups(book)

    async def _temporary(self, book: CreditBook, company: str) -> None:
        """Those of accounts, and of whole groups, which name no account."""
        where = Filter.any_of("CustAccountDataArea", [company, ""])
        async for row in self._rows(TEMPORARY, where, TEMPORARY_FIELDS):
            begins, ends = day_of(row["FromDate"]), day_of(row["ToDate"])
            limit = TemporaryLimit(Decimal(row["CreditMax"]), begins, ends)
            account = str(row["CustAccount"]).casefold()
            book.temporary[account or _group_key(str(row["CreditLimitId"]))].append(limit)

    async def _statuses(self, book: CreditBook, company: str) -> None:
        where = Filter.eq("dataAreaId", company)
        async for row in self._rows(STATUSES, where, STATUS_FIELDS):
            book.blocks[str(row["CustAccountStatusId"]).casefold()] = str(row["CustBlocked"])

    async def _holds(self, book: CreditBook, company: str) -> None:
        where = Filter.eq("Company", company) & Filter.eq("Active", YES)
        async for row in self._rows(HOLDS, where, HOLD_FIELDS):
            account = str(row["CustAccount"])
            if row.get("Rejected") != "Yes":
                hold = Hold(str(row["SalesId"]), str(row["CredManReason"]))
                book.holds[(book.payer_of(account) or account).casefold()].append(hold)

    async def _groups(self, book: CreditBook) -> None:
        """Groups and their members, of all legal entities."""
        async for row in self._rows(MEMBERS, None, MEMBER_FIELDS):
            member = GroupMember(str(row["Company"]).lower(), str(row["CustAccount"]))
            book.members[str(row["CreditLimitId"]).casefold()].append(member)
        async for row in self._rows(GROUPS, None, GROUP_FIELDS) if book.members else _none():
            number = str(row["CreditLimitId"])
            book.groups[number.casefold()] = GroupCredit(
                number, Decimal(row["CreditMax"]), str(row["CurrencyCode"] or ""),
                expires=day_of(row["ExpiryDate"]),
                temporary=book.temporary.get(_group_key(number), ()),
            )  # fmt: skip

    def _rows(
        self, entity_set: str, where: Filter | None, select: Sequence[str]
    ) -> AsyncIterator[dict[str, Any]]:
        order_by = KEYS.get(entity_set, ())
        return self._client.query(entity_set, where=where, select=select, order_by=order_by)


def _group_key(number: str) -> str:
    return f"group {number}".casefold()


def _of(company: str, name: str, accounts: Sequence[str]) -> Filter:
    here = Filter.eq("dataAreaId", company)
    return here & Filter.any_of(name, accounts) if 0 < len(accounts) <= FEW else here


async def _none() -> AsyncIterator[dict[str, Any]]:
    nothing: tuple[dict[str, Any], ...] = ()
    for row in nothing:
        yield row
