"""What a quote becomes: a quotation of F&O, or a quote of Dynamics 365 Sales."""

from sync.commerce.models.company import Company
from sync.core.errors import Never
from sync.dataverse.sales_quote_rows import quote_id
from sync.engine.delivery import Delivery
from sync.engine.systems import Systems
from sync.flows.cases.case_customers import customer_of
from sync.flows.customers.order_accounts import buyer_of
from sync.flows.quotes.quotation_books import in_sales, sales_quotes_of
from sync.flows.quotes.quotation_writes import QuotationWrite
from sync.flows.quotes.quote_records import QuoteWithComments
from sync.flows.quotes.sales_quote_writes import SalesQuoteWrite
from sync.flows.targets import dataverse_of, dynamics_of, service_of
from sync.mapping.company_account import sales_representative
from sync.mapping.quotation import as_order, quotation_from, quotation_reference
from sync.mapping.sales_quote import sales_quote_from


async def quotation_write(
    found: QuoteWithComments, delivery: Delivery
) -> QuotationWrite | SalesQuoteWrite:
    """The write of a quote that asks for prices. Raises `Never` for what cannot be mapped."""
    write = _in_sales if in_sales(delivery.systems) else _in_dynamics
    return await write(found, delivery)


async def _in_dynamics(found: QuoteWithComments, delivery: Delivery) -> QuotationWrite:
    quote, systems = found.quote, delivery.systems
    buyer = await buyer_of(as_order(quote), delivery)
    items = await systems.items.of([one.sku for one in quote.items], {})
    quotation = quotation_from(
        quote, found.comments, systems.settings, account=buyer.account, contact=buyer.contact,
        payer=buyer.payer, owner=await _owner(quote.company_id, systems), items=items,
    )  # fmt: skip
    return QuotationWrite(
        quotation, systems.dynamics.quotations, dynamics_of(systems), quote.label
    )  # fmt: skip


async def _in_sales(found: QuoteWithComments, delivery: Delivery) -> SalesQuoteWrite:
    quote, systems = found.quote, delivery.systems
    client, section = service_of(systems)
    customer = await customer_of(as_order(quote), client, delivery)
    items = await systems.items.of([one.sku for one in quote.items], {})
    code, settings = quote.currency.quote_currency_code, systems.settings
    currency = await client.currencies.id_of(code)
    if not currency:
        raise Never(
            f"{quote.label}: Dataverse has no currency {code[:3]}",
            remedy=f"Add the currency {code[:3]} in the Power Platform admin center, then replay.",
        )
    reference = quotation_reference(quote.id, quote.store_id, settings)
    wanted = sales_quote_from(
        quote, found.comments, settings, row_id=quote_id(settings.commerce.url, reference),
        customer=customer, currency_id=currency, items=items,
    )  # fmt: skip
    revises = settings.quotes.sales.revise
    return SalesQuoteWrite(
        wanted, sales_quotes_of(systems), dataverse_of(section), quote.label, revises
    )  # fmt: skip


async def _owner(company_id: int | None, systems: Systems) -> str:
    """The personnel number of the sales representative of the buyer's company; empty where nobody
    is mapped."""
    if company_id is None or not systems.settings.companies.sales_representatives:
        return ""
    row = await systems.commerce.companies.by_id(company_id)
    return "" if row is None else sales_representative(Company.read(row), systems.settings)
