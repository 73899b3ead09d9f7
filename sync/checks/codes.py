"""Whether the codes that the configuration maps to are in F&O: modes, methods, terms, groups,
places, items, rounding."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.checks.recipes import books_free_text, books_payments, returns_orders
from sync.config.connections import Connection, Store
from sync.core.errors import Never
from sync.core.money import CENT
from sync.dynamics.customers import SET as CUSTOMERS
from sync.mapping.customer_payment import first_segment

UNITS = "UnitsOfMeasure"


@dataclass(frozen=True)
class Codes:
    """Codes of one kind, as connections.toml writes them under `where`. `company` None: shared by
    all companies.

    `is_optional`: not every environment shows the entity set, or shows it to our user.
    """

    kind: str
    where: str
    entity_set: str
    field: str
    values: tuple[str, ...]
    company: str | None
    is_optional: bool = False


async def codes_exist(probe: Probe) -> AsyncIterator[Finding]:
    """Every mapped code is there, in every legal entity that the connection posts into."""
    wanted = list(mapped_codes(probe.settings, probe.companies))
    optional = {codes.entity_set for codes in wanted if codes.is_optional}
    shown = await probe.dynamics.metadata_fields(*optional) if optional else {}
    for codes in wanted:
        if codes.is_optional and (
            codes.entity_set not in shown or codes.field not in shown[codes.entity_set].fields
        ):
            yield ok(
                f"{codes.kind} {', '.join(codes.values)} cannot be looked up: there is no"
                f" {codes.entity_set} here"
            )
            continue
        try:
            rows = await probe.dynamics.find_by(
                codes.entity_set,
                codes.field,
                *codes.values,
                company=codes.company,
                select=(codes.field,),
            )
        except Never as error:
            report = warn if codes.is_optional else fault
            yield report(f"{codes.kind} cannot be checked: {error.reason}", error.remedy)
            continue
        found = {str(row[codes.field]).casefold() for row in rows}
        missing = [value for value in codes.values if value.strip().casefold() not in found]
        place = f" in {codes.company}" if codes.company else ""
        if missing:
            yield fault(
                f"{codes.kind} {', '.join(missing)} ({codes.where})"
                f" {'is' if len(missing) == 1 else 'are'} not in F&O{place}",
                f"Create {'it' if len(missing) == 1 else 'them'} in F&O{place}, or correct"
                f" {codes.where} in connections.toml.",
            )
        else:
            yield ok(
                f"{codes.kind}"
                f" {', '.join(codes.values)}{' is' if len(codes.values) == 1 else ' are'}"
                f" there{place}"
            )


def mapped_codes(settings: Connection, companies: Iterable[str]) -> Iterator[Codes]:
    """What to look for, by kind and legal entity; kinds without a code are left out."""
    yield from _kept(
        [Codes("unit", "items.unit", UNITS, "UnitSymbol", (settings.items.unit,), None)]
    )
    for company in companies:
        yield from _kept(
            [
                *_of_orders(settings, company),
                *_of_customers(settings, company),
                *_of_stores(settings, company),
                *_of_receivables(settings, company),
            ]
        )
    yield from _kept([_main_accounts(settings)])


def _of_orders(settings: Connection, company: str) -> Iterator[Codes]:
    orders = settings.orders
    payments, taxes = orders.payments.values(), orders.taxes.values()
    homes = [home.item for home in orders.segments.values() if home.item]
    items = (orders.freight_item, orders.rounding_item, orders.fpt_item, *homes)
    yield Codes(
        "mode of delivery",
        "orders.deliveries",
        "DeliveryModesV2",
        "ModeCode",
        tuple(orders.deliveries.values()),
        company,
    )
    yield Codes(
        "method of payment",
        "orders.payments",
        "CustomerPaymentMethods",
        "Name",
        tuple(p.method for p in payments),
        company,
    )
    yield Codes(
        "terms of payment",
        "orders.payments",
        "PaymentTerms",
        "Name",
        tuple(p.terms for p in payments),
        company,
    )
    yield Codes(
        "sales tax group",
        "orders.taxes",
        "TaxGroups",
        "TaxGroupCode",
        tuple(t.group for t in taxes),
        company,
    )
    yield Codes(
        "item sales tax group",
        "orders.taxes",
        "TaxItemGroupHeadings",
        "TaxItemGroup",
        tuple(t.item_group for t in taxes),
        company,
    )
    yield Codes("service item", "orders", "ReleasedProductsV2", "ItemNumber", items, company)


def _of_customers(settings: Connection, company: str) -> Iterator[Codes]:
    customers = settings.customers
    groups = (customers.group, *customers.groups.values())
    yield Codes("customer group", "customers", "CustomerGroups", "CustomerGroupId", groups, company)
    yield Codes(
        "terms of payment",
        "customers.payment_terms",
        "PaymentTerms",
        "Name",
        (customers.payment_terms,),
        company,
    )
    terms = (settings.companies.payment_terms,)
    yield Codes(
        "terms of payment", "companies.payment_terms", "PaymentTerms", "Name", terms, company
    )


def _of_receivables(settings: Connection, company: str) -> Iterator[Codes]:
    """Journals, banks, returns' codes: what the flows of invoices and credit memos go by, as far as
    they are on."""
    invoices, memos, orders = settings.invoices, settings.creditmemos, settings.orders
    if books_payments(settings):
        journal, banks = (invoices.journal,), tuple(invoices.banks.values())
        yield Codes(
            "journal name",
            "invoices.journal",
            "JournalNames",
            "Name",
            journal,
            company,
            is_optional=True,
        )
        yield Codes(
            "bank account",
            "invoices.banks",
            "BankAccounts",
            "BankAccountId",
            banks,
            company,
            is_optional=True,
        )
    if returns_orders(settings):
        reasons, codes = (
            ("ReturnReasonCodeBiEntities", "ReasonCodeId"),
            ("ReturnDispositionCodes", "DispositionCode"),
        )
        items = (orders.adjustment_refund_item, orders.adjustment_fee_item)
        yield Codes(
            "return reason",
            "creditmemos.reason",
            *reasons,
            (memos.reason,),
            company,
            is_optional=True,
        )
        yield Codes(
            "disposition code", "creditmemos.disposition", *codes, (memos.disposition,), company
        )
        yield Codes("service item", "orders", "ReleasedProductsV2", "ItemNumber", items, company)


def _main_accounts(settings: Connection) -> Codes:
    """The main accounts of free text invoices: the first segment of each, from whatever chart they
    are."""
    invoices = settings.invoices
    written = (
        (invoices.revenue_account, *invoices.accounts.values()) if books_free_text(settings) else ()
    )
    accounts = tuple(first_segment(account, invoices.dimension_delimiter) for account in written)
    return Codes(
        "main account",
        "invoices.accounts",
        "MainAccounts",
        "MainAccountId",
        accounts,
        None,
        is_optional=True,
    )


def _of_stores(settings: Connection, company: str) -> Iterator[Codes]:
    """Stores that post into `company`; `default` counts by its own."""
    stores = [store for name in settings.stores if (store := _store(settings, name)) is not None]
    ours = [store for store in stores if (store.company or settings.dynamics.company) == company]
    accounts = (
        tuple(s.guest_account or "" for s in ours)
        if settings.customers.guests == "collective"
        else ()
    )
    yield Codes(
        "site", "stores", "OperationalSites", "SiteId", tuple(s.site or "" for s in ours), company
    )
    yield Codes(
        "warehouse",
        "stores",
        "Warehouses",
        "WarehouseId",
        tuple(s.warehouse or "" for s in ours),
        company,
    )
    yield Codes(
        "sales origin",
        "stores",
        "SalesOrderOriginCodes",
        "OriginCode",
        tuple(s.origin or "" for s in ours),
        company,
    )
    yield Codes("account of guests", "stores", CUSTOMERS, "CustomerAccount", accounts, company)


def _store(settings: Connection, name: str) -> Store | None:
    return settings.stores[name] if name == "default" else settings.store(name)


def _kept(found: Iterable[Codes]) -> Iterator[Codes]:
    for codes in found:
        values = tuple(dict.fromkeys(value for value in codes.values if value.strip()))
        if values:
            yield replace(codes, values=values)


async def rounding_agrees(probe: Probe) -> AsyncIterator[Finding]:
    """F&O rounds sales orders as the configuration says: otherwise totals that were proved here
    differ there."""
    configured = probe.settings.dynamics.rounding
    select = ("CurrencyCode", "RoundingRuleSalesOrders")
    units = {
        str(row["CurrencyCode"]).upper(): Decimal(row.get("RoundingRuleSalesOrders") or 0)
        async for row in probe.dynamics.query("Currencies", select=select)
    }
    for currency, unit in configured.items():
        theirs = units.get(currency)
        if theirs is None:
            yield fault(
                f"dynamics.rounding: F&O has no currency {currency}",
                "Correct the code, or create the currency.",
            )
        elif theirs not in (Decimal(0), unit):
            yield fault(
                f"F&O rounds sales orders in {currency} to {theirs.normalize():f},"
                f" dynamics.rounding says {unit:f}",
                "Make both the same: Currencies > Rounding rules in F&O, or rounding in"
                " connections.toml.",
            )
        else:
            yield ok(f"sales orders in {currency} are rounded to {unit:f}")
    if not configured:
        yield ok("no rounding is configured: every sales order is taken to be rounded to 0.01")
    others = {c: u for c, u in units.items() if c not in configured and u not in (Decimal(0), CENT)}
    if others:
        listed = ", ".join(
            f"{currency} {unit.normalize():f}" for currency, unit in sorted(others.items())
        )
        yield warn(
            f"F&O rounds sales orders to other units than 0.01 in: {listed}",
            "If the shop sells in one of them, name it under dynamics.rounding.",
        )
