"""The codes that connections.toml maps to, by kind, and where F&O lists them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from sync.checks.recipes import books_free_text, books_payments, returns_orders
from sync.config.connections import Connection, Store
from sync.dynamics.customers import SET as CUSTOMERS
from sync.mapping.customer_payment import first_segment


class Listed(Enum):
    """What kind of code it is, and the entity set and field that list it in F&O.

    `is_optional`: not every environment shows the entity set, or shows it to our user.
    """

    UNIT = "unit", "UnitsOfMeasure", "UnitSymbol"
    CURRENCY = "currency", "Currencies", "CurrencyCode"
    MODE_OF_DELIVERY = "mode of delivery", "DeliveryModesV2", "ModeCode"
    METHOD_OF_PAYMENT = "method of payment", "CustomerPaymentMethods", "Name"
    TERMS_OF_PAYMENT = "terms of payment", "PaymentTerms", "Name"
    TAX_GROUP = "sales tax group", "TaxGroups", "TaxGroupCode"
    ITEM_TAX_GROUP = "item sales tax group", "TaxItemGroupHeadings", "TaxItemGroup"
    SERVICE_ITEM = "service item", "ReleasedProductsV2", "ItemNumber"
    CUSTOMER_GROUP = "customer group", "CustomerGroups", "CustomerGroupId"
    GUEST_ACCOUNT = "account of guests", CUSTOMERS, "CustomerAccount"
    SITE = "site", "OperationalSites", "SiteId"
    WAREHOUSE = "warehouse", "Warehouses", "WarehouseId"
    SALES_ORIGIN = "sales origin", "SalesOrderOriginCodes", "OriginCode"
    DISPOSITION_CODE = "disposition code", "ReturnDispositionCodes", "DispositionCode"
    JOURNAL_NAME = "journal name", "JournalNames", "Name", True
    BANK_ACCOUNT = "bank account", "BankAccounts", "BankAccountId", True
    RETURN_REASON = "return reason", "ReturnReasonCodeBiEntities", "ReasonCodeId", True
    MAIN_ACCOUNT = "main account", "MainAccounts", "MainAccountId", True

    def __init__(self, title: str, entity_set: str, field: str, is_optional: bool = False) -> None:
        self.title, self.entity_set, self.field = title, entity_set, field
        self.is_optional = is_optional


@dataclass(frozen=True)
class Codes:
    """Codes of one kind, as connections.toml has them under `where`. `company` None: shared by all
    companies."""

    listed: Listed
    where: str
    company: str | None
    values: tuple[str, ...]


def mapped_codes(settings: Connection, companies: Iterable[str]) -> Iterator[Codes]:
    """What to look for, by kind and legal entity; kinds without a code are left out."""
    for codes in _all(settings, companies):
        values = tuple(dict.fromkeys(value for value in codes.values if value.strip()))
        if values:
            yield replace(codes, values=values)


def _all(settings: Connection, companies: Iterable[str]) -> Iterator[Codes]:
    yield Codes(Listed.UNIT, "items.unit", None, (settings.items.unit,))
    yield Codes(Listed.CURRENCY, "customers.currency", None, (settings.customers.currency,))
    for company in companies:
        yield from _of_orders(settings, company)
        yield from _of_customers(settings, company)
        yield from _of_stores(settings, company)
        yield from _of_payments(settings, company)
        yield from _of_returns(settings, company)
    yield _main_accounts(settings)


def _of_orders(settings: Connection, company: str) -> Iterator[Codes]:
    orders = settings.orders
    payments, taxes = orders.payments.values(), orders.taxes.values()
    segments = (segment.item for segment in orders.segments.values() if segment.item)
    items = (orders.freight_item, orders.rounding_item, orders.fpt_item, *segments)
    modes, methods = tuple(orders.deliveries.values()), tuple(p.method for p in payments)
    terms, groups = tuple(p.terms for p in payments), tuple(t.group for t in taxes)
    item_groups = tuple(t.item_group for t in taxes)
    yield Codes(Listed.MODE_OF_DELIVERY, "orders.deliveries", company, modes)
    yield Codes(Listed.METHOD_OF_PAYMENT, "orders.payments", company, methods)
    yield Codes(Listed.TERMS_OF_PAYMENT, "orders.payments", company, terms)
    yield Codes(Listed.TAX_GROUP, "orders.taxes", company, groups)
    yield Codes(Listed.ITEM_TAX_GROUP, "orders.taxes", company, item_groups)
    yield Codes(Listed.SERVICE_ITEM, "orders", company, items)


def _of_customers(settings: Connection, company: str) -> Iterator[Codes]:
    customers, terms = settings.customers, Listed.TERMS_OF_PAYMENT
    groups = (customers.group, *customers.groups.values())
    of_companies = (settings.companies.payment_terms,)
    yield Codes(Listed.CUSTOMER_GROUP, "customers", company, groups)
    yield Codes(terms, "customers.payment_terms", company, (customers.payment_terms,))
    yield Codes(terms, "companies.payment_terms", company, of_companies)


def _of_stores(settings: Connection, company: str) -> Iterator[Codes]:
    """Stores that post into `company`; `default` counts by its own."""
    stores = [store for name in settings.stores if (store := _store(settings, name)) is not None]
    ours = [store for store in stores if (store.company or settings.dynamics.company) == company]
    guests = ours if settings.customers.guests == "collective" else []
    yield Codes(Listed.SITE, "stores", company, tuple(s.site or "" for s in ours))
    yield Codes(Listed.WAREHOUSE, "stores", company, tuple(s.warehouse or "" for s in ours))
    yield Codes(Listed.SALES_ORIGIN, "stores", company, tuple(s.origin or "" for s in ours))
    yield Codes(
        Listed.GUEST_ACCOUNT, "stores", company, tuple(s.guest_account or "" for s in guests)
    )


def _store(settings: Connection, name: str) -> Store | None:
    return settings.stores[name] if name == "default" else settings.store(name)


def _of_payments(settings: Connection, company: str) -> Iterator[Codes]:
    """Journals and banks, where invoices book payments."""
    if books_payments(settings):
        invoices = settings.invoices
        banks = tuple(invoices.banks.values())
        yield Codes(Listed.JOURNAL_NAME, "invoices.journal", company, (invoices.journal,))
        yield Codes(Listed.BANK_ACCOUNT, "invoices.banks", company, banks)


def _of_returns(settings: Connection, company: str) -> Iterator[Codes]:
    """What return orders need, where credit memos become some."""
    if "returns" in settings.flows:
        reasons, codes = settings.returns.reasons, settings.returns.dispositions
        yield Codes(Listed.RETURN_REASON, "returns.reasons", company, tuple(reasons.values()))
        yield Codes(Listed.DISPOSITION_CODE, "returns.dispositions", company, tuple(codes.values()))
    if "creditmemos" in settings.flows and returns_orders(settings):
        memos, orders = settings.creditmemos, settings.orders
        dispositions = (memos.disposition,)
        items = (orders.adjustment_refund_item, orders.adjustment_fee_item)
        yield Codes(Listed.RETURN_REASON, "creditmemos.reason", company, (memos.reason,))
        yield Codes(Listed.DISPOSITION_CODE, "creditmemos.disposition", company, dispositions)
        yield Codes(Listed.SERVICE_ITEM, "orders", company, items)


def _main_accounts(settings: Connection) -> Codes:
    """The main accounts of free text invoices: the first segment of each, in any chart."""
    invoices = settings.invoices
    written = (
        (invoices.revenue_account, *invoices.accounts.values()) if books_free_text(settings) else ()
    )
    accounts = tuple(first_segment(account, invoices.dimension_delimiter) for account in written)
    return Codes(Listed.MAIN_ACCOUNT, "invoices.accounts", None, accounts)
