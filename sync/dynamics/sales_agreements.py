"""Sales agreements in F&O (`SalesAgreements`), read alone: whether the set takes new ones is not
established, and no public field of an order names its agreement."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from sync.dynamics.documents.sales_agreement import SalesAgreement
from sync.dynamics.odata import NO_DATE, Filter, instant_of
from sync.dynamics.odata_client import ODataClient

AGREEMENTS: Final = "SalesAgreements"
NUMBER, REFERENCE = "SalesAgreementId", "ExternalDocumentReference"
AGREEMENT_FIELDS: Final = (
    NUMBER, "AgreementStatus", REFERENCE, "AgreementCustomerAccountNumber", "DocumentTitle",
    "InternetAddress", "DefaultExpirationDate",
)  # fmt: skip


class SalesAgreements:
    """The agreements of one environment. Raises as the client does."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def named(self, company: str, reference: str) -> list[SalesAgreement]:
        """Those with this external document reference."""
        rows = await self._client.find_by(
            AGREEMENTS, REFERENCE, reference, company=company, select=AGREEMENT_FIELDS
        )
        return [_read(company, row) for row in rows]

    async def all_named(self, company: str, *, after: str = "") -> AsyncIterator[SalesAgreement]:
        """Those with any such reference, by number, after this one. They have no time of change."""
        where = Filter.eq("dataAreaId", company) & Filter.ne(REFERENCE, "")
        where = where & Filter.gt(NUMBER, after) if after else where
        order = ("dataAreaId", NUMBER)
        rows = self._client.query(AGREEMENTS, where=where, select=AGREEMENT_FIELDS, order_by=order)
        async for row in rows:
            yield _read(company, row)


def _read(company: str, row: Mapping[str, Any]) -> SalesAgreement:
    number, status, reference, account, title, address = (
        str(row.get(name) or "").strip() for name in AGREEMENT_FIELDS[:-1]
    )
    at = instant_of(str(row.get("DefaultExpirationDate") or "") or None)
    expires = at.date() if at is not None and at.date() != NO_DATE else None
    return SalesAgreement(company, number, status, reference, account, title, address, expires)
