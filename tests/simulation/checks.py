"""What must hold once a world is quiet, worked out from both systems and the ledger, not from what
the engine believes."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from itertools import product
from typing import Any, Final

from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import rounded
from sync.engine.claim import Claim, State
from sync.engine.ledger import Ledger
from sync.engine.timing import NOBODY_SURVIVES
from tests.doubles.digests import DIGESTS
from tests.simulation.accounts import of_accounts
from tests.simulation.books import is_held_up, of_books, of_companies
from tests.simulation.environment import GOES_ON
from tests.simulation.gone_on import keys as keys_of_afterwards
from tests.simulation.gone_on import of_afterwards
from tests.simulation.naming import key_of, reference_of
from tests.simulation.parcels import is_tracked_in
from tests.simulation.quotes import of_quotes
from tests.simulation.read_back import of_posted, of_write_backs
from tests.simulation.reconciled import of_reconciling
from tests.simulation.sellers import of_tasks
from tests.simulation.served import of_cases, of_mails
from tests.simulation.shown import of_catalogue
from tests.simulation.slips import of_slips
from tests.simulation.stories import given_up
from tests.simulation.world import World
from tests.systems import COMPANY

WAITING: Final = ("pending_payment", "payment_review", "holded")


async def faults(world: World) -> list[str]:
    """Every promise that this world broke; empty when all is well."""
    ledger = Ledger(world.systems.tables, world.clock, DIGESTS)
    found = list(world.broken)
    for order in (*world.story.orders, *world.negotiations.orders, *world.sellers.orders):
        connection = world.connection_of(order.row["store_id"])
        claim = await ledger.claim(connection, "orders", key_of(order))
        found += [f"order {key_of(order)}: {fault}" for fault in of_order(world, order, claim)]
    found += [fault async for fault in _of_claims(world, ledger)]
    found += _of_headers(world)
    found += await _of_customers(world, ledger)
    found += await of_books(world, ledger)
    found += await of_companies(world, ledger)
    excused = {key_of(order) for order in world.story.orders if is_excused(world, order)}
    excused |= keys_of_afterwards(world)
    found += [fault async for fault in of_reconciling(world, ledger, excused)]
    found += [fault async for fault in of_posted(world, ledger)]
    found += [fault async for fault in of_catalogue(world, ledger)]
    found += [fault async for fault in of_slips(world, ledger)]
    found += [fault async for fault in of_accounts(world, ledger)]
    is_tracked = is_tracked_in(world.systems.dynamics.store)
    found += [fault async for fault in world.parcels.faults(ledger, is_tracked)]
    found += [fault async for fault in of_afterwards(world, ledger)]
    found += [fault async for fault in of_quotes(world, ledger)]
    found += [fault async for fault in of_cases(world, ledger)]
    found += [fault async for fault in of_mails(world, ledger)]
    found += [fault async for fault in of_tasks(world, ledger)]
    return found + [fault async for fault in of_write_backs(world, ledger)]


def of_order(world: World, order: StoredOrder, claim: Claim) -> list[str]:
    """What is wrong with one order."""
    headers = world.systems.dynamics.orders_for(reference_of(order), COMPANY)
    numbers = [header["SalesOrderNumber"] for header in headers]
    if len(headers) > 1:
        return [f"is in D365 {len(headers)} times: {numbers}"]
    if is_excused(world, order):
        return []
    if claim.state is State.PARKED:
        may_be = is_held_up(world, order, claim) or is_killer(world, order, claim)
        return [] if may_be else [f"parked: {claim.reason}"]
    if order.row["state"] == "canceled" and not order.amount("total_invoiced"):
        wrong = [f"was cancelled and is in D365 as {numbers}"] if headers else []
        return (
            wrong
            if claim.state in {State.CANCELLED, State.SKIPPED}
            else [*wrong, f"its claim is {claim.state}"]
        )
    if not headers:
        is_gone = not least_pieces(world, order) and claim.state in {State.CANCELLED, State.SKIPPED}
        waits = claim.state is State.SKIPPED and order.row["state"] in WAITING
        return (
            []
            if waits or is_gone
            else [f"is not in D365; its claim is {claim.state}: {claim.reason}"]
        )
    wrong = (
        [] if claim.state is State.DELIVERED else [f"its claim is {claim.state}: {claim.reason}"]
    )
    if claim.number != numbers[0]:
        wrong.append(f"its claim says {claim.number}, D365 {numbers[0]}")
    if claim.intent is not None:
        wrong.append("an intent is left")
    return [*wrong, *_wrong_lines(world, order, headers[0]), *_wrong_address(order, headers[0])]


def is_excused(world: World, order: StoredOrder) -> bool:
    """It has left the warehouse, or is an edited order whose original has: a person must decide
    about both."""
    if key_of(order) in world.story.delivered:
        return True
    original = order.row.get("relation_parent_real_id")
    return any(
        is_excused(world, before)
        for before in world.story.orders
        if before.row["increment_id"] == original
        and before.row["store_id"] == order.row["store_id"]
    )


def is_killer(world: World, order: StoredOrder, claim: Claim) -> bool:
    """Parked because every process died of it, or of the order that it replaces."""
    killer, reference = world.story.killer, reference_of(order)
    is_it = bool(killer) and (reference == killer or reference.startswith(f"{killer}-"))
    return is_it and claim.reason.endswith(NOBODY_SURVIVES.reason)


def _wrong_lines(world: World, order: StoredOrder, header: Any) -> list[str]:
    lines = world.systems.dynamics.lines(COMPANY, header["SalesOrderNumber"])
    counted = Counter(line.values.get("ExternalItemNumber", "") for line in lines)
    wrong = [
        f"line {reference!r} is there {n} times"
        for reference, n in counted.items()
        if n > 1 or not reference
    ]
    wanted, least = expected_pieces(order), least_pieces(world, order)
    goods = {
        name: line
        for line in lines
        if (name := line.values.get("ExternalItemNumber", "")).isdigit()
    }
    if not least.keys() <= goods.keys() <= wanted.keys():
        return [*wrong, f"its lines are {sorted(goods)}, not {sorted(wanted)}"]
    pieces = {name: line.values["OrderedSalesQuantity"] for name, line in goods.items()}
    if any(not least.get(name, 0) <= there <= wanted[name] for name, there in pieces.items()):
        return [*wrong, f"its pieces are {pieces}, not {wanted}"]
    total = world.systems.dynamics.order_total(COMPANY, header["SalesOrderNumber"])
    is_gross = header.values.get("ArePricesIncludingSalesTax") == "Yes"
    due = total + (Decimal(0) if is_gross else order.amount("tax_amount")) - _paid_otherwise(order)
    if not is_reduced(order) and rounded(due) != rounded(order.amount("grand_total")):
        wrong.append(f"comes to {due}, not to {order.amount('grand_total')}")
    return wrong


def is_reduced(order: StoredOrder) -> bool:
    """Whether pieces were cancelled or refunded: the grand total stays what it was, as the shop
    leaves it."""
    back = order.amount("shipping_refunded") or order.amount("total_refunded")
    return bool(back) or any(
        amount(item, "qty_canceled") or amount(item, "qty_refunded") for item in order.items
    )


def least_pieces(world: World, order: StoredOrder) -> dict[str, Decimal]:
    """Pieces that F&O keeps where it saw everything in time: what it took off once stays off, also
    where the shop ships it later (docs/decisions/follow-an-order-through-its-life.md)."""
    before = world.story.given_up
    return expected_pieces(
        order, lambda item: max(given_up(item), before.get(str(item["item_id"]), Decimal(0)))
    )


def expected_pieces(
    order: StoredOrder, back: Callable[[Columns], Decimal] = given_up
) -> dict[str, Decimal]:
    """Pieces still wanted by row id, of the rows that bear money: dynamic bundles sell their parts,
    others the top."""
    found = {}
    for item in order.items:
        children = [one for one in order.items if one.get("parent_item_id") == item["item_id"]]
        is_dynamic = item["product_type"] == "bundle" and any(
            amount(one, "price") for one in children
        )
        parent = next(
            (one for one in order.items if one["item_id"] == item.get("parent_item_id")), None
        )
        if parent is not None:
            siblings = [
                one for one in order.items if one.get("parent_item_id") == parent["item_id"]
            ]
            if parent["product_type"] != "bundle" or not any(
                amount(one, "price") for one in siblings
            ):
                continue
        if not is_dynamic:
            left = amount(item, "qty_ordered") - amount(item, "qty_canceled") - back(item)
            if left > 0:
                found[str(item["item_id"])] = left
    return found


def _paid_otherwise(order: StoredOrder) -> Decimal:
    """Card, credit and points, in whole cents as ledgers count them: goods by weight leave
    fractions of a cent."""
    names = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
    return sum((rounded(Decimal(order.extension.get(name) or 0)) for name in names), Decimal(0))


def _wrong_address(order: StoredOrder, header: Any) -> list[str]:
    if order.shipping is None:
        return []
    city, street = order.shipping["city"], "\n".join(order.shipping["street"])
    there = (header.values.get("DeliveryAddressCity"), header.values.get("DeliveryAddressStreet"))
    return [] if there == (city, street) else [f"goes to {there}, not to {(city, street)}"]


async def _of_claims(world: World, ledger: Ledger) -> AsyncIterator[str]:
    for connection, flow in product(world.systems.connections.connections, world.plan.flows):
        parked = {claim.key async for claim in ledger.parked(connection, flow)}
        async for claim in ledger.claims(connection, flow):
            trail = await ledger.trail(connection, flow, claim.key)
            if (claim.key in parked) != claim.waits_for_a_person:
                yield f"{flow} {claim.key} is {claim.state}, and the list of the parked disagrees"
            is_account = flow in {"customers", "companies"}
            is_for_others = claim.key.startswith("guest:") or (
                is_account and world.is_untold(claim)
            )
            if claim.state in {State.NEW, State.POSTING} and not is_for_others:
                yield f"{flow} {claim.key} has no outcome: {claim.state}, {claim.reason}"
            if claim.state is State.VANISHED and _must_be_there(world, connection, claim):
                yield f"{flow} {claim.key} vanished"
            if flow == "customers" and claim.state is State.PARKED:
                yield f"{flow} {claim.key} is parked: {claim.reason}"
            if not trail and not is_for_others:
                yield f"{flow} {claim.key} has no trail"


def _must_be_there(world: World, connection: str, claim: Claim) -> bool:
    """Whether nobody may hold it for gone. Where the clock is set ahead, the looks for what was
    told before it stands are over at once; only its own connection's poll finds it later."""
    if claim.flow in GOES_ON:  # of orders that were removed
        return False
    if not world.plan.environment.sets_clock or "@" not in claim.key:
        return True
    return world.owner_of(claim.flow, claim.key) == connection


def _of_headers(world: World) -> list[str]:
    """Nothing in D365 that nobody ordered."""
    placed = (world.story, world.afterwards, world.negotiations, world.sellers)
    orders = [order for one in placed for order in one.orders]
    known = {reference_of(order) for order in orders}
    found = []
    for header in world.systems.dynamics.store.table("SalesTable").records.values():
        number, reference = (
            header["SalesOrderNumber"],
            header.values.get("CustomersOrderReference", ""),
        )
        if not world.systems.dynamics.lines(COMPANY, number):
            found.append(f"sales order {number} has no lines")
        if reference not in known:
            found.append(f"sales order {number} is for {reference!r}, which nobody placed")
    return found


async def _of_customers(world: World, ledger: Ledger) -> list[str]:
    """One account per shopper, and it says what Commerce says."""
    accounts = world.systems.dynamics.store.table("CustTable").records.values()
    emails = Counter(row.values.get("PrimaryContactEmail", "").lower() for row in accounts)
    found = [f"{email} has {n} accounts" for email, n in emails.items() if email and n > 1]
    for customer in world.systems.commerce.customers.values():
        connection = world.connection_of(customer["store_id"])
        claim = await ledger.claim(connection, "customers", str(customer["id"]))
        if world.is_untold(claim):
            continue
        if claim.state is State.SKIPPED and claim.reason.startswith("buys for company"):
            continue
        row = world.systems.dynamics.store.find("CustTable", COMPANY, claim.number)
        street = "\n".join(customer["addresses"][0]["street"])
        if row is None:
            found.append(f"customer {customer['id']} has no account; its claim is {claim.state}")
        elif row.values.get("AddressStreet") != street:
            found.append(
                f"customer {customer['id']} lives in {street}, in D365 in"
                f" {row.values.get('AddressStreet')}"
            )
    return found
