"""An account of the shop with what it did, as Commerce has it now.

Nothing of it is handed over by other flows: orders, carts and returns are read when the account is
looked at, so that what was amended, cancelled or refunded meanwhile is counted as it stands.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sync.buying.signals import Bought, Cart, Signals
from sync.commerce.filters import Op, of_any, where
from sync.commerce.models.order import Order, utc
from sync.commerce.models.quote import OVER as ENDED
from sync.commerce.models.rma import OVER
from sync.commerce.rest import BY_ID
from sync.commerce.returns import RETURNS
from sync.commerce.search import Node, Search, split
from sync.core.money import stored
from sync.engine.systems import Systems
from sync.flows.keys import whole_in
from sync.mapping.posting_policy import is_cancelled, is_rejected

CUSTOMER, COMPANY, GUEST = "customer", "company", "guest"
CARTS_BACK: Final = timedelta(days=60)
RETURNS_BACK: Final = timedelta(days=30)
MONTH: Final = timedelta(days=31)
MOST_PRODUCTS: Final = 300
"""Of an account's last orders, whose categories are read."""
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When an order was placed that does not say it."""
ORDERS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "store_id", "state", "status", "created_at", "updated_at",
    "customer_id", "order_currency_code", "grand_total", "total_canceled", "total_refunded",
    "total_invoiced", "total_paid", "relation_child_real_id",
    ("items", ("sku", "parent_item_id", "qty_ordered", "qty_canceled", "qty_refunded")),
    ("extension_attributes", ("company_order_attributes",)),
)  # fmt: skip
RMAS: Final[tuple[Node, ...]] = ("entity_id", "increment_id", "status", "date_requested")


@dataclass(frozen=True)
class Account:
    """Who it is and what it did. `buyers`: the customers who buy for it, `former`: those who did
    and have left; `email`, `name`: of whom a lead would be. `company`: the one that a customer buys
    for, whose account counts then. `is_gone`: Commerce has it no more."""

    kind: str
    number: int
    signals: Signals = field(default_factory=Signals)
    buyers: tuple[int, ...] = ()
    group: int | None = None
    email: str = ""
    name: str = ""
    consents: bool = False
    company: int | None = None
    is_gone: bool = False
    former: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """As it is kept."""
        return f"{self.kind}|{self.number}"


async def read_account(kind: str, number: int, systems: Systems) -> Account:
    """The account as it is now."""
    if kind == GUEST:
        return await _guest(number, systems)
    return await (_company if kind == COMPANY else _customer)(number, systems)


async def with_former(account: Account, known: Collection[int], systems: Systems) -> Account:
    """A company with what those of `known` bought for it who are no users of it any more. Only
    orders that name the company count: the others may be their own. Whose last order no longer
    counts is none of `former`."""
    gone = sorted({*known} - {*account.buyers})
    if account.kind != COMPANY or account.is_gone or not gone:
        return account
    placed = await _placed(gone, systems)
    theirs = [one for one in placed if one.company_id == account.number]
    orders = (*account.signals.orders, *map(_bought, theirs))
    categories = await _categories(orders, systems)
    signals = replace(account.signals, orders=orders, categories=categories)
    former = {one.customer_id for one in theirs if one.customer_id is not None}
    return replace(account, signals=signals, former=tuple(sorted(former)))


async def _customer(number: int, systems: Systems) -> Account:
    row = await systems.commerce.customers.by_id(number)
    if row is None:
        return Account(CUSTOMER, number, is_gone=True)
    bought_for = (row.get("extension_attributes") or {}).get("company_attributes") or {}
    if company := whole_in(bought_for.get("company_id")):
        return Account(CUSTOMER, number, company=company)
    signals = await _signals((number,), None, systems, since=utc(str(row.get("created_at") or "")))
    return Account(
        CUSTOMER, number, signals, (number,), whole_in(row.get("group_id")),
        str(row.get("email") or ""), f"{row.get('firstname')} {row.get('lastname')}",
        _consents(row, systems),
    )  # fmt: skip


async def _company(number: int, systems: Systems) -> Account:
    row = await systems.commerce.companies.by_id(number)
    if row is None:
        return Account(COMPANY, number, is_gone=True)
    users = await systems.commerce.companies.users_of(number)
    administrator = whole_in(row.get("super_user_id"))
    buyers = tuple(sorted({*users, administrator or 0} - {0}))
    person = await systems.commerce.customers.by_id(administrator) if administrator else None
    signals = await _signals(
        buyers, number, systems, since=None, requested=whole_in(row.get("status")) == 0
    )
    return Account(
        COMPANY, number, signals, buyers, whole_in(row.get("customer_group_id")),
        str(row.get("company_email") or ""), str(row.get("company_name") or ""),
        _consents(person or {}, systems),
    )  # fmt: skip


async def _guest(number: int, systems: Systems) -> Account:
    """A guest's cart, with consent and an address; nothing else is known of guests."""
    row = await systems.commerce.quotes.by_id(number)
    wanted = systems.settings.tasks.guest_consent
    if row is None or not wanted or row.get("customer_is_guest") is not True:
        return Account(GUEST, number, is_gone=True)
    address = row.get("billing_address") or {}
    says_yes = (row.get("extension_attributes") or {}).get(wanted)
    cart = _cart(row, systems)
    return Account(
        GUEST, number, Signals(carts=(cart,) if cart else ()), (), None,
        str(address.get("email") or ""), _name(address), _is_yes(says_yes),
    )  # fmt: skip


def _name(row: Mapping[str, Any]) -> str:
    parts = (row.get(part) for part in ("firstname", "lastname"))
    return " ".join(str(one) for one in parts if one)


def _consents(customer: Mapping[str, Any], systems: Systems) -> bool:
    consent = systems.settings.tasks.consent
    if consent == "contract":
        return True
    rows = customer.get("custom_attributes") or ()
    values = [one.get("value") for one in rows if one.get("attribute_code") == consent]
    return bool(consent) and any(map(_is_yes, values))


def _is_yes(value: Any) -> bool:
    return str(value).strip().lower() in ("1", "true", "yes")


async def _signals(
    buyers: Collection[int], company: int | None, systems: Systems, *, since: datetime | None,
    requested: bool = False,
) -> Signals:  # fmt: skip
    if not buyers:
        return Signals(since=since, requested=requested)
    now = systems.clock.now()
    placed = await _placed(buyers, systems)
    orders = [_bought(one) for one in placed if one.company_id in (None, company)]
    rows = await systems.commerce.carts.of_customers(buyers, now - CARTS_BACK)
    carts = [cart for row in rows if (cart := _cart(row, systems)) is not None]
    returns = await _returns(buyers, now - RETURNS_BACK, systems)
    categories = await _categories(orders, systems)
    return Signals(
        tuple(orders), tuple(carts), since, requested, (), tuple(returns), categories=categories
    )


async def _categories(orders: Sequence[Bought], systems: Systems) -> Mapping[str, Sequence[str]]:
    """Of the products of the last orders, where they are wanted: a right of its own is needed."""
    if not systems.settings.tasks.categories:
        return {}
    last = sorted(orders, key=lambda one: one.at, reverse=True)
    skus = list(dict.fromkeys(sku for one in last for sku in one.lines))[:MOST_PRODUCTS]
    return await systems.commerce.products.categories(skus)


async def _placed(buyers: Collection[int], systems: Systems) -> list[Order]:
    """Their orders that stand, of the time that counts. Of a company's users those for it count, or
    for nobody that is told: lists may leave that out (magento2 issue 25410)."""
    since = systems.clock.now() - systems.settings.tasks.months * MONTH
    rows = await _rows("orders", ORDERS, ("created_at", since), buyers, systems)
    return [one for one in map(Order.read, rows) if _stands(one)]


def _stands(order: Order) -> bool:
    return not (is_cancelled(order) or is_rejected(order) or order.relation_child_real_id)


def _bought(order: Order) -> Bought:
    rows = [one for one in order.items if one.parent_item_id is None and one.sku]
    lines = {one.sku: one.qty_ordered - one.qty_canceled - one.qty_refunded for one in rows}
    amount = stored(order.grand_total - order.total_canceled - order.total_refunded)
    return Bought(
        order.increment_id, order.placed_at or EVER, order.order_currency_code, amount,
        {sku: pieces for sku, pieces in lines.items() if pieces > 0},
    )  # fmt: skip


def _cart(row: Mapping[str, Any], systems: Systems) -> Cart | None:
    """None for one that is over, or of another connection's store."""
    state = (row.get("extension_attributes") or {}).get("negotiable_quote") or {}
    status = str(state.get("status") or "") if state.get("is_regular_quote") else ""
    at, store = utc(str(row.get("updated_at") or "")), whole_in(row.get("store_id"))
    pieces = sum((stored(one.get("qty")) for one in row.get("items") or ()), stored(0))
    is_ours = store is not None and systems.settings.store(store) is not None
    is_open = status not in ENDED if status else bool(row.get("is_active"))
    if at is None or not is_ours or not is_open or not pieces:
        return None
    return Cart(int(row["id"]), at, pieces, status)


async def _returns(
    buyers: Collection[int], since: datetime, systems: Systems
) -> list[tuple[str, datetime, bool]]:
    """Asked for where a rule needs them alone: not every shop has returns."""
    if "return" not in systems.settings.tasks.rules:
        return []
    rows = await _rows(RETURNS, RMAS, ("date_requested", since), buyers, systems)
    return [
        (str(row["increment_id"]), utc(str(row["date_requested"])) or since,
         row.get("status") not in OVER)
        for row in rows
    ]  # fmt: skip


async def _rows(
    path: str, fields: tuple[Node, ...], since: tuple[str, datetime], buyers: Collection[int],
    systems: Systems,
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows of these customers in the connection's stores."""
    page = systems.commerce.settings.page_size
    base = Search(sorts=BY_ID, page_size=page, fields=fields)
    base = base.having(where(since[0], Op.GTEQ, since[1]))
    for one in of_any("store_id", systems.settings.store_ids):
        base = base.having(one)
    searches = split(base, "customer_id", sorted(buyers))
    return [row for one in searches for row in await systems.commerce.rows(path, one)]
