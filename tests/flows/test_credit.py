"""What F&O leaves an account, shown as the credit of its company: each order counts once at every
step of its life, and nothing is believed that the shop does not show."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from sandbox.commerce.company_credits import Credit
from sandbox.commerce.records import StoredOrder
from sandbox.dials import Kind
from sandbox.dynamics.customer_transactions import Entry, book
from sync.credit.prepared import PreparedCredit
from sync.engine.publication import EVERYTHING
from sync.operating.credit import account_of
from tests.flows.b2b import B2B, CONTOSO, in_b2b
from tests.systems import COMPANY, CONNECTION

FLOWS = ("orders", "customers", "companies", "credit")
KEY = str(CONTOSO)
D = Decimal


def with_credit(**settings: Any) -> dict[str, Any]:
    return {"flows": FLOWS, "credit": {"currency": "USD", "tolerance": 0, **settings}}


CREDIT = with_credit()


async def publishes(b2b: B2B, key: str = EVERYTHING, origin: str = "poll") -> None:
    await b2b.services.intake.accept("credit", CONNECTION, [key], origin)
    await b2b.works_until_idle()


async def account(b2b: B2B, limit: int = 10_000, **fields: Any) -> str:
    """Contoso's account, with a limit."""
    await b2b.notify()
    known = await b2b.known()
    assert known is not None
    sets(b2b, known.account, CreditLimit=D(limit), **fields)
    return known.account


def sets(b2b: B2B, number: str, **fields: Any) -> None:
    """A clerk changes the account."""
    row = b2b.dynamics.store.find("CustTable", COMPANY, number)
    assert row is not None
    b2b.dynamics.store.update("CustTable", row, fields)


def shown(b2b: B2B) -> Credit:
    return b2b.commerce.company_credits.of(CONTOSO)


def left(b2b: B2B, number: str) -> Decimal:
    """What F&O itself would say is left: limit, balance and what is ordered."""
    row = b2b.account(number)
    orders = [
        D(b2b.dynamics.order_total(COMPANY, one["SalesOrderNumber"]))
        for one in b2b.dynamics.store.table("SalesTable").records.values()
        if one["InvoiceCustomerAccountNumber"] == number
        and one.values.get("SalesOrderStatus", "Backorder") in ("Backorder", "Delivered")
    ]
    limit: Decimal = row["CreditLimit"]
    return limit - b2b.dynamics.balance(COMPANY, number) - sum(orders, D(0))


def buys(b2b: B2B) -> StoredOrder:
    """Kim buys on account."""
    return b2b.buys(payment="companycredit")


def owed(order: StoredOrder) -> Decimal:
    return order.amount("base_grand_total")


def saves(b2b: B2B) -> int:
    return b2b.commerce.requests["PUT companyCredits/{id}"]


@in_b2b(**CREDIT)
async def test_a_limit_is_shown_and_not_sent_again(b2b: B2B) -> None:
    await account(b2b, 2500)
    await publishes(b2b)
    assert (shown(b2b).limit, shown(b2b).may_exceed, shown(b2b).available) == (
        D(2500),
        False,
        D(2500),
    )
    await publishes(b2b)
    await publishes(b2b)
    assert saves(b2b) == 1


@in_b2b(**CREDIT)
async def test_an_order_counts_once_at_every_step_of_its_life(b2b: B2B) -> None:
    number = await account(b2b)
    await publishes(b2b)
    order = buys(b2b)
    assert shown(b2b).available == 10_000 - owed(order)
    await publishes(b2b)
    assert shown(b2b).available == 10_000 - owed(order)
    await b2b.delivers(order)
    steps = (
        lambda: None,
        lambda: b2b.dynamics.deliver(b2b.header(order)["SalesOrderNumber"]),
        lambda: b2b.dynamics.invoice(b2b.header(order)["SalesOrderNumber"]),
    )
    for step in steps:
        step()
        await publishes(b2b)
        assert shown(b2b).available == left(b2b, number) < 10_000
    b2b.commerce.invoice(order)
    b2b.commerce.refund(order)
    await publishes(b2b)
    assert shown(b2b).available == left(b2b, number)


@pytest.mark.parametrize("orders", ["lines", "order-lines"])
def test_open_orders_come_from_either_set(orders: str) -> None:
    @in_b2b(**with_credit(orders=orders))
    async def story(b2b: B2B) -> None:
        number = await account(b2b)
        await b2b.delivers(buys(b2b))
        await publishes(b2b)
        assert shown(b2b).available == left(b2b, number) < 10_000

    story()


@in_b2b(**CREDIT)
async def test_a_hold_leaves_nothing_and_its_end_gives_all_back(b2b: B2B) -> None:
    number = await account(b2b)
    await publishes(b2b)
    order = buys(b2b)
    b2b.clerk_holds(number, "All")
    await publishes(b2b)
    assert (shown(b2b).available, shown(b2b).limit) == (-owed(order), D(0))
    b2b.clerk_holds(number, "No")
    await publishes(b2b)
    assert shown(b2b).available == 10_000 - owed(order)


@in_b2b(**CREDIT)
async def test_an_account_without_limit_may_exceed_what_is_shown(b2b: B2B) -> None:
    number = await account(b2b, CredManCustUnlimitedCredit="Yes")
    await publishes(b2b)
    assert (shown(b2b).limit, shown(b2b).may_exceed) == (D(0), True)
    sets(b2b, number, CredManCustUnlimitedCredit="No")
    await publishes(b2b)
    assert (shown(b2b).limit, shown(b2b).may_exceed) == (D(10_000), False)


@in_b2b(**with_credit(methods=["checkmo", "companycredit", "banktransfer"]))
async def test_a_blocked_company_loses_what_is_on_account_and_gets_it_back(b2b: B2B) -> None:
    def methods() -> tuple[Any, ...]:
        extension = b2b.commerce.companies[CONTOSO]["extension_attributes"]
        names = ("use_config_settings", "available_payment_methods")
        return tuple(extension.get(name) for name in names)

    number = await account(b2b)
    before = dict(b2b.commerce.companies[CONTOSO])
    await publishes(b2b)
    assert b2b.commerce.companies[CONTOSO] == before
    b2b.clerk_holds(number, "All")
    await publishes(b2b)
    assert methods() == (0, "checkmo,banktransfer")
    b2b.clerk_holds(number, "No")
    await publishes(b2b)
    assert methods() == (1, "checkmo,banktransfer,companycredit")
    after = b2b.commerce.companies[CONTOSO]
    assert {**after, "extension_attributes": 0} == {**before, "extension_attributes": 0}
    assert after["extension_attributes"]["quote_config"] == {"is_quote_enabled": False}
    saved = b2b.commerce.requests["PUT company/{id}"]
    await publishes(b2b)
    assert b2b.commerce.requests["PUT company/{id}"] == saved == 2


@in_b2b(**with_credit(methods=["checkmo", "companycredit"]))
async def test_a_company_that_never_bought_on_account_is_not_given_it(b2b: B2B) -> None:
    b2b.decides(
        extension_attributes={
            "applicable_payment_method": 2, "available_payment_methods": "checkmo",
            "use_config_settings": 0,
        }
    )  # fmt: skip
    number = await account(b2b)
    for status in ("All", "No"):
        b2b.clerk_holds(number, status)
        await publishes(b2b)
    assert b2b.commerce.requests["PUT company/{id}"] == 0


@in_b2b(**CREDIT)
async def test_a_limit_that_a_person_changes_in_the_shop_is_set_again(b2b: B2B) -> None:
    await account(b2b)
    await publishes(b2b)
    b2b.commerce.company_credits.set_limit(shown(b2b), D(99_999), may_exceed=False)
    await publishes(b2b)
    await publishes(b2b)
    assert (shown(b2b).limit, saves(b2b)) == (D(10_000), 2)


@in_b2b(**with_credit(tolerance=50))
async def test_a_small_change_writes_nothing(b2b: B2B) -> None:
    number = await account(b2b)
    await publishes(b2b)
    sets(b2b, number, CreditLimit=D(10_050))
    await publishes(b2b)
    assert (shown(b2b).limit, saves(b2b)) == (D(10_000), 1)
    sets(b2b, number, CreditLimit=D(10_051))
    await publishes(b2b)
    assert (shown(b2b).limit, saves(b2b)) == (D(10_051), 2)


@in_b2b(**CREDIT)
async def test_a_lost_answer_sets_the_limit_once(b2b: B2B) -> None:
    await account(b2b)
    b2b.shop_dials.next(Kind.LOST, method="PUT")
    await publishes(b2b)
    assert shown(b2b).limit == 10_000
    assert len(b2b.commerce.company_credits.history) == 1


@in_b2b(**CREDIT)
async def test_a_company_whose_account_is_gone_parks_alone(b2b: B2B) -> None:
    await b2b.maps("US-GONE")
    await publishes(b2b)
    assert await b2b.parked("credit") == [KEY]
    claim = await b2b.claim(KEY, "credit")
    assert "US-GONE" in claim.reason
    assert "map customers set" in claim.remedy
    prepared = await PreparedCredit(b2b.services.ledger.tables, CONNECTION).of(CONTOSO)
    assert prepared is not None
    assert prepared.fault == claim.reason
    await b2b.maps("US-001")
    await publishes(b2b)
    assert await b2b.parked("credit") == []


class _Untold(Credit):
    """An extension leaves the computed column out."""

    def row(self) -> dict[str, Any]:
        return {name: one for name, one in super().row().items() if name != "available_limit"}


@in_b2b(**CREDIT)
async def test_a_debt_of_which_the_sign_is_not_known_parks(b2b: B2B) -> None:
    number = await account(b2b, 2500)
    untold = _Untold(1, CONTOSO, "USD", D(1000), D("-1250.50"))
    b2b.commerce.company_credits.by_company[CONTOSO] = untold
    await publishes(b2b)
    assert saves(b2b) == 0
    assert "whether that is owed is not known" in (await b2b.claim(KEY, "credit")).reason
    systems = await b2b.services.systems_pool.open(CONNECTION)
    assert "available_limit" in str(await account_of(b2b.services, systems, number))
    untold.balance = D(0)
    await publishes(b2b)
    assert untold.limit == D(2500)


@in_b2b(**with_credit(currency="EUR"))
async def test_a_currency_without_rate_parks_with_the_key_to_write(b2b: B2B) -> None:
    await account(b2b)
    await publishes(b2b)
    assert "credit.rates" in (await b2b.claim(KEY, "credit")).remedy


@in_b2b(**CREDIT)
async def test_what_a_run_read_is_prepared_for_the_checkout(b2b: B2B) -> None:
    number = await account(b2b)
    order = buys(b2b)
    await publishes(b2b)
    prepared = PreparedCredit(b2b.services.ledger.tables, CONNECTION)
    one = await prepared.of(CONTOSO)
    assert one is not None
    assert (one.account, one.currency) == (number, "USD")
    assert (one.limit, one.available, one.pending) == (
        D(10_000),
        D(10_000) - owed(order),
        owed(order),
    )
    assert await prepared.company_of(7) == await prepared.company_of(2) == CONTOSO
    assert await prepared.company_of(1) is None
    read = await prepared.looked_at()
    await asyncio.sleep(60)
    await publishes(b2b)
    assert await prepared.of(CONTOSO) == one
    assert (await prepared.looked_at() or one.at) > (read or one.at)  # type: ignore[operator]


@in_b2b(**CREDIT)
async def test_an_order_that_f_and_o_took_refreshes_its_company(b2b: B2B) -> None:
    await account(b2b)
    await publishes(b2b)
    prepared = PreparedCredit(b2b.services.ledger.tables, CONNECTION)
    order = buys(b2b)
    await b2b.delivers(order)
    one = await prepared.of(CONTOSO)
    assert one is not None
    assert (one.pending, one.used) == (D(0), b2b.total(order))


@in_b2b(**CREDIT)
async def test_an_order_of_which_the_sales_order_was_removed_counts_as_not_in_f_and_o(
    b2b: B2B,
) -> None:
    """An extension takes its cancellation back, and the order waits for a person."""
    await account(b2b)
    order = buys(b2b)
    await b2b.delivers(order)
    placed = deepcopy((order.row, order.items))
    b2b.commerce.cancel(order)
    await b2b.delivers(order)
    order.row, order.items = placed
    await publishes(b2b)
    one = await PreparedCredit(b2b.services.ledger.tables, CONNECTION).of(CONTOSO)
    assert one is not None
    assert (b2b.headers(order), one.pending) == ([], owed(order))


async def leaves(b2b: B2B) -> tuple[str | None, str]:
    """What `preview credit` says is left, and by which limit."""
    known = await b2b.known()
    assert known is not None
    systems = await b2b.services.systems_pool.open(CONNECTION)
    found = await account_of(b2b.services, systems, known.account)
    return found["available"], found["limit_by"]


def limited(b2b: B2B, number: str) -> None:
    """A temporary limit of today."""
    today = b2b.dynamics.today()
    b2b.dynamics.put(
        "TemporaryCreditLimits", CustAccount=number, CustAccountDataArea="USMF", FromDate=today,
        ToDate=today, CreditMax=D(700),
    )  # fmt: skip


def grouped(b2b: B2B, number: str, *, other: str = "USMF", currency: str = "USD") -> None:
    """A credit group with another member, who owes 300."""
    env = b2b.dynamics
    env.put("CustomerCreditGroups", CreditLimitId="G1", CreditMax=D(900), CurrencyCode=currency)
    for company, member in (("USMF", number), (other, "US-001")):
        env.put("CustomerCreditGroupLines", Company=company, CustAccount=member, CreditLimitId="G1")
    entry = Entry(other.lower(), "Cust", "US-001", D(300), "USD", "V1", env.today(), env.today())
    book(env, entry)


def grouped_with_payer(b2b: B2B, number: str) -> None:
    """The other member of the group pays for this one."""
    grouped(b2b, number)
    sets(b2b, "US-001", CreditLimit=D(5000))
    sets(b2b, number, InvoiceAccount="US-001")


def paid_for_from_outside(b2b: B2B, number: str) -> None:
    """The other member of the group, who owes 300, is paid for by an account that is in no group
    and owes 150."""
    grouped(b2b, number)
    sets(b2b, "US-001", InvoiceAccount="US-OUT")
    env = b2b.dynamics
    env.put("CustTable", dataAreaId=COMPANY, CustomerAccount="US-OUT", CreditLimit=D(9000))
    book(env, Entry(COMPANY, "Cust", "US-OUT", D(150), "USD", "V2", env.today(), env.today()))


def status_blocks(b2b: B2B, number: str) -> None:
    b2b.dynamics.put(
        "CreditManagementAccountStatuses", dataAreaId=COMPANY, CustAccountStatusId="BAD",
        CustBlocked="All",
    )  # fmt: skip
    sets(b2b, number, CredManAccountStatusId="bad")


def order_on_hold(b2b: B2B, number: str) -> None:
    b2b.dynamics.put(
        "CredManTableBiEntities", CredManId="1", Company="USMF", CustAccount=number, SalesId="S-1",
        Active="Yes", CredManReason="CreditExceeded",
    )  # fmt: skip


def overdue(b2b: B2B, number: str, *, disputed: bool = False) -> None:
    """An invoice of 100 that was due ten days ago."""
    env = b2b.dynamics
    day = env.today() - timedelta(days=10)
    row = book(env, Entry(COMPANY, "Cust", number, D(100), "USD", "V1", day, day))
    if disputed:
        env.put(
            "CustDisputes", dataAreaId=COMPANY, SysRecId=1, CustTrans=row["SysRecId"],
            Status="Disputed",
        )  # fmt: skip


def pays_elsewhere(b2b: B2B, number: str) -> None:
    """Invoices go to US-001, which has a limit of its own and owes 40."""
    sets(b2b, "US-001", CreditLimit=D(500))
    sets(b2b, number, InvoiceAccount="US-001")
    env = b2b.dynamics
    book(env, Entry(COMPANY, "Cust", "US-001", D(40), "USD", "V1", env.today(), env.today()))


def snapshot(b2b: B2B, number: str) -> None:
    """An aging snapshot of an invoice of 100, and another one that came later."""
    overdue(b2b, number)
    b2b.dynamics.take_aging_snapshot(COMPANY)
    overdue(b2b, number)


@pytest.mark.parametrize(
    ("happens", "settings", "expected"),
    [
        (limited, {}, ("700.00", "temporary")),
        (limited, {"left_out": ["temporary"]}, ("10000.00", "customer")),
        (limited, {"credit_management": False}, ("10000.00", "customer")),
        (grouped, {}, ("600.00", "group G1")),
        (grouped_with_payer, {}, ("600.00", "group G1")),
        (paid_for_from_outside, {}, ("600.00", "group G1")),
        (partial(grouped, other="DAT"), {"companies": {"dat": "USD"}}, ("600.00", "group G1")),
        (partial(grouped, currency="EUR"), {"rates": {"EUR": "0.9"}}, ("700.00", "group G1")),
        (grouped, {"left_out": ["groups"]}, ("10000.00", "customer")),
        (status_blocks, {}, ("0.00", "customer")),
        (status_blocks, {"left_out": ["statuses"]}, ("10000.00", "customer")),
        (order_on_hold, {}, ("10000.00", "customer")),
        (order_on_hold, {"holds": "block"}, ("0.00", "customer")),
        (overdue, {}, ("9900.00", "customer")),
        (overdue, {"overdue": "block"}, ("0.00", "customer")),
        (partial(overdue, disputed=True), {"overdue": "block", "disputed": "excused"},
         ("9900.00", "customer")),
        (pays_elsewhere, {}, ("460.00", "customer")),
        (snapshot, {}, ("9800.00", "customer")),
        (snapshot, {"balances": "snapshot", "orders": "snapshot"}, ("9900.00", "customer")),
    ],
)  # fmt: skip
def test_what_f_and_o_says_is_what_is_left(
    happens: Callable[[B2B, str], None], settings: dict[str, Any], expected: tuple[str, str]
) -> None:
    async def story(b2b: B2B) -> None:
        happens(b2b, await account(b2b))
        assert await leaves(b2b) == expected
        await publishes(b2b)
        assert shown(b2b).limit == D(expected[0])

    in_b2b(**with_credit(**settings))(story)()


@in_b2b(**CREDIT)
async def test_a_group_whose_members_are_not_known_parks_its_members_alone(b2b: B2B) -> None:
    grouped(b2b, await account(b2b), other="DAT")
    await publishes(b2b)
    assert await b2b.parked("credit") == [KEY]
    assert "credit.companies" in (await b2b.claim(KEY, "credit")).remedy
