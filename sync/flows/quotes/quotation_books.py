"""Where quotations are kept, as the flows read them: in F&O, or in Dynamics 365 Sales
(`quotes.target`)."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from sync.dataverse.sales_quotes import SalesQuotes
from sync.dynamics.documents.quotation import HeldQuotation, Listed
from sync.engine.systems import Systems
from sync.flows.targets import service_of


class QuotationBook(Protocol):
    """What both tell. Raises as their clients do."""

    def listed(
        self, companies: Sequence[str], since: datetime, until: datetime, after: str, /
    ) -> AsyncIterator[Listed]:
        """Quotations that may have changed: all that are alive where they have no time of change,
        else those since then."""

    async def by_number(self, company: str, number: str) -> HeldQuotation | None:
        """The quotation of that number; None when there is none."""

    async def named(self, company: str, reference: str) -> list[HeldQuotation]:
        """The quotations with our reference."""


def book_of(systems: Systems) -> QuotationBook:
    """That of the connection. Raises `Never` where no Dataverse environment is named."""
    return sales_quotes_of(systems) if in_sales(systems) else systems.dynamics.quotations


def in_sales(systems: Systems) -> bool:
    """Whether quotes are negotiated in Dynamics 365 Sales."""
    return systems.settings.quotes.target == "dataverse"


def sales_quotes_of(systems: Systems) -> SalesQuotes:
    """The quotes of Dynamics 365 Sales. Raises `Never` where no environment is named."""
    client, _ = service_of(systems)
    return SalesQuotes(
        client, systems.settings.commerce.url, systems.settings.quotes.sales.answered
    )
