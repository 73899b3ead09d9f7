"""The operators' commands against both systems behind real sockets. The tests of this module share
the shop's orders."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.app.embedded import open_embedded
from sync.app.services import Services
from sync.config.file.reading import read_connections
from sync.core.message_queue import Outgoing
from sync.engine.message import Message
from tests.cli.running import Line, Systems
from tests.cli.test_serve import serving

TOMORROW = "2100-01-01"


@pytest.fixture
def shop(line: Line, systems: Systems) -> Line:
    line.configured(systems)
    return line


@pytest.fixture
def delivered(shop: Line, systems: Systems) -> Line:
    """A home whose orders have been posted, or were found in D365."""
    assert shop("backfill", "--ids", ",".join(systems.orders)).status == 0
    shop.deliver_everything()
    return shop


def beside(line: Line, work: Any) -> None:
    """Do something in the home that no command does."""

    async def opened() -> None:
        connections = read_connections(line.folder / "connections.toml")
        services = await open_embedded(line.folder / ".sync", connections)
        try:
            await work(services)
        finally:
            await services.close()

    asyncio.run(opened())


def parks(key: str, reason: str) -> Any:
    async def work(services: Services) -> None:
        ledger = services.ledger
        claim, _ = await ledger.take("shop", "orders", key, "test")
        await ledger.park(claim, reason, "Mend it.")
        await ledger.release(claim, state="parked", reason=reason, remedy="Mend it.")

    return work


def sets_aside(bodies: Sequence[bytes]) -> Any:
    async def work(services: Services) -> None:
        queue = services.edition_parts.queue
        await queue.send(
            [Outgoing("documents", body, f"set aside {place}") for place, body in enumerate(bodies)]
        )
        for message in await queue.receive("documents", most=10, wait=timedelta(seconds=2)):
            await queue.dead_letter(message, reason="MaxDeliveryCountExceeded")

    return work


def a_message(key: str) -> bytes:
    return Message(
        "orders", "shop", key, "webhook", notified_at=datetime(2026, 1, 1, tzinfo=UTC)
    ).encode()


def test_check_finds_nothing_to_mend_where_everything_fits(shop: Line) -> None:
    ran = shop("check", "--json")
    faults = [found for found in ran.documents if found["level"] == "fault"]
    assert faults == []
    assert ran.status == 0
    assert list(ran.documents[0]) == ["connection", "check", "level", "what", "cure"]
    assert "Faults: 0" in shop("check").out


def test_check_tells_every_fault_with_its_cure_and_ends_with_1(shop: Line) -> None:
    text = (shop.folder / "connections.toml").read_text()
    text = text.replace('company = "usmf"', 'company = "none"')
    (shop.folder / "connections.toml").write_text(text.replace("stores.2", "stores.7"))
    shop.vault().set("token-secret", "wrong" * 8)
    ran = shop.process("check")
    assert ran.status == 1
    for words in ("no legal entity none", "signature is invalid", "Cure:", "Faults: 2,"):
        assert words in ran.out
    assert "Traceback" not in ran.err
    assert "wrong" * 8 not in ran.out + ran.err


def test_check_tries_the_orders_of_the_last_days_and_tells_what_would_park_them(
    shop: Line, systems: Systems
) -> None:
    with (shop.folder / "connections.toml").open("a") as file:
        file.write('[connections.shop.orders.payments]\nunheard_of = { method = "CHECK" }\n')
    ran = shop("check", "--json")
    causes = [found for found in ran.documents if "count" in found]
    assert ran.status == 1
    assert sum(cause["count"] for cause in causes) == len(systems.orders)
    for cause in causes:
        method = cause["what"].partition(" is not mapped")[0].removeprefix("Payment method ")
        assert f"[connections.shop.orders.payments]: {method} = {{" in cause["cure"]
        assert cause["example"].partition("@")[0] in systems.orders
    assert "3 orders of the last 90 days: 0 would be delivered" in shop("check").out
    assert shop("check", "--days", "0").status == 0


def test_a_fault_that_stops_several_checks_is_told_once(shop: Line) -> None:
    shop.vault().delete("token")
    ran = shop("check")
    assert ran.status == 1
    assert ran.out.count("no secret 'token'") == 1
    assert "Faults: 1," in ran.out
    told = [found["what"] for found in shop("check", "--json").documents]
    assert sum("no secret 'token'" in what for what in told) == 1
    assert any("further checks of Commerce were left out" in what for what in told)


def test_check_tells_faults_of_the_file_by_line(line: Line) -> None:
    line("init")
    (line.folder / "connections.toml").write_text("[connections.shop]\nflows = ['ordres']\n")
    ran = line("check", "--json")
    assert ran.status == 1
    assert any("line 2" in found["what"] and '"ordres"' in found["what"] for found in ran.documents)
    assert {found["level"] for found in ran.documents} == {"fault"}


def test_orders_are_previewed_by_their_number(shop: Line, systems: Systems) -> None:
    ran = shop(
        "preview",
        "orders",
        "--ids",
        f"{systems.orders[0]},{systems.orders[1]}@1,999999999",
        "--json",
    )
    assert ran.status == 2
    assert [document["key"] for document in ran.documents] == [
        f"{systems.orders[0]}@1",
        f"{systems.orders[1]}@1",
    ]
    assert "999999999: Commerce has no such order" in ran.err


def test_a_poll_enqueues_what_changed(shop: Line, systems: Systems) -> None:
    ran = shop("poll", "--json", "--flow", "orders")
    assert ran.status == 0
    (row,) = ran.documents
    assert (row["connection"], row["flow"], row["polled"]) == ("shop", "orders", True)
    assert "orders" in shop("poll").out


def test_a_poll_that_cannot_be_done_ends_with_1(shop: Line) -> None:
    shop.vault().delete("token")
    ran = shop("poll", "--flow", "orders")
    assert ran.status == 1
    assert "not polled" in ran.out
    assert "orders.poll_failed" in ran.err


def test_a_record_has_its_whole_story_and_nobodys_name_in_it(
    delivered: Line, systems: Systems
) -> None:
    ran = delivered("trail", systems.orders[0], "--json")
    assert ran.status == 0
    (story,) = ran.documents
    assert (story["connection"], story["flow"], story["key"]) == (
        "shop",
        "orders",
        f"{systems.orders[0]}@1",
    )
    assert story["state"] == "delivered"
    assert story["number"]
    assert story["trail"][-1]["event"] in ("created", "adopted")
    assert story["trail"][-1]["origin"] == "backfill"
    assert "@example" not in ran.out
    assert story["number"] in delivered("trail", f"{systems.orders[0]}@1").out
    (known,) = delivered("trail", story["number"], "--flow", "orders", "--json").documents
    assert known["key"] == story["key"], "found by its number in F&O"


def test_documents_are_shown_when_asked_for(delivered: Line, systems: Systems) -> None:
    ran = delivered("trail", systems.orders[0], "--json", "--documents")
    copies = ran.documents[0]["trail"][-1]["documents"]
    assert copies["read"]["increment_id"] == systems.orders[0]
    assert "read:" in delivered("trail", systems.orders[0], "--documents").out


def test_the_beginning_of_a_key_finds_all_that_begin_so(delivered: Line, systems: Systems) -> None:
    ran = delivered("trail", "00000", "--json", "--flow", "orders")
    assert [story["key"] for story in ran.documents] == [f"{number}@1" for number in systems.orders]


def test_what_is_not_known_is_said_with_what_to_do(shop: Line) -> None:
    ran = shop("trail", "999999999")
    assert ran.status == 1
    assert "backfill" in ran.err


def test_an_unknown_flow_is_refused_with_those_there_are(shop: Line) -> None:
    ran = shop("parked", "--flow", "ordres")
    assert ran.status == 2
    assert "orders, customers" in ran.err


def test_nothing_parked_is_said_so(shop: Line) -> None:
    assert shop("parked").out == "Nothing is parked.\n"
    assert shop("replay", "--parked").out == "There is nothing to replay.\n"


def test_parked_records_and_messages_set_aside_are_listed(shop: Line) -> None:
    beside(shop, parks("000000042@1", "items[].sku is not mapped"))
    beside(shop, sets_aside([a_message("000000043@1"), b"not ours"]))
    rows = shop("parked", "--json").documents
    assert [(row["kind"], row["key"]) for row in rows] == [
        ("parked", "000000042@1"), ("dead_letter", "000000043@1"), ("dead_letter", ""),
    ]  # fmt: skip
    assert all(row["reason"] and row["remedy"] for row in rows)
    assert "Messages set aside: 2" in shop("parked").out
    assert [row["key"] for row in shop("parked", "--json", "--reason", "not mapped").documents] == [
        "000000042@1"
    ]


def test_a_key_that_was_refused_is_listed_and_one_that_a_person_names_is_answered(
    shop: Line,
) -> None:
    async def told(services: Services) -> None:
        await services.intake.accept("orders", "shop", ["bad\x00key", "x" * 201], "poll")

    beside(shop, told)
    rows = shop("parked", "--json", "--flow", "orders").documents
    assert {(row["kind"], row["key"]) for row in rows} == {
        ("refused_key", "bad\\x00key"), ("refused_key", "x" * 200),
    }  # fmt: skip
    assert "Keys refused: 2" in shop("parked").out
    ran = shop("backfill", "--ids", "x" * 201)
    assert ran.status == 2
    assert "more than 200 characters" in ran.err


def test_a_replay_is_listed_first_and_enqueued_when_that_is_meant(
    shop: Line, systems: Systems
) -> None:
    beside(shop, parks(f"{systems.orders[0]}@1", "not mapped"))
    listed = shop("replay", "--parked")
    assert listed.status == 0
    assert f"{systems.orders[0]}@1" in listed.out
    assert "Nothing was enqueued" in listed.err
    assert shop("replay", "--parked", "--json").documents[0]["enqueued"] is False
    ran = shop("replay", "--parked", "--yes", "--json")
    assert [(row["key"], row["enqueued"]) for row in ran.documents] == [
        (f"{systems.orders[0]}@1", True)
    ]
    assert shop.deliver_everything() >= 1
    assert shop("parked").out == "Nothing is parked.\n"
    assert shop("trail", systems.orders[0], "--json").documents[0]["state"] == "delivered"


def lacks(flow: str, key: str, **cells: Any) -> Any:
    """An account that was delivered without an address of it."""

    async def work(services: Services) -> None:
        ledger = services.ledger
        claim, _ = await ledger.take("shop", flow, key, "test")
        said = {"reason": "address 7 is left out: no country", "remedy": "Map the country."}
        await ledger.release(claim, state="delivered", number="C1", **said, **cells)

    return work


def test_accounts_without_an_address_are_listed_and_replayed(shop: Line, systems: Systems) -> None:
    assert shop("left-out").out == "No account goes without an address.\n"
    order = f"{systems.orders[0]}@1"
    for work in (
        lacks("customers", "1"),
        lacks("customers", "guest:ab", required_by=f"orders|{order}"),
        lacks("customers", "guest:cd"),
        parks("000000042@1", "not mapped"),
    ):
        beside(shop, work)
    rows = shop("left-out", "--json").documents
    assert [(row["kind"], row["flow"], row["key"], row["number"]) for row in rows] == [
        ("left_out", "customers", key, "C1") for key in ("1", "guest:ab", "guest:cd")
    ]
    assert {row["remedy"] for row in rows} == {"Map the country."}
    assert "Accounts that go without an address: 3" in shop("left-out").out
    ran = shop("replay", "--left-out", "--yes", "--json")
    assert [(row["flow"], row["key"]) for row in ran.documents] == [
        ("customers", "1"), ("orders", order),
    ]  # fmt: skip
    assert "guest:cd waits for the guest's next order" in ran.err
    assert shop.deliver_everything() >= 2
    assert [row["key"] for row in shop("left-out", "--json").documents] == ["guest:ab", "guest:cd"]
    assert shop("left-out", "--flow", "companies", "--json").documents == []


def differs(key: str) -> Any:
    """An order that is delivered though its sums differ."""

    async def work(services: Services) -> None:
        ledger = services.ledger
        claim, _ = await ledger.take("shop", "orders", key, "test")
        said = {"reason": "20.00 too much", "remedy": "Credit it."}
        claim = await ledger.park(claim, **said)
        await ledger.release(claim, state="delivered", number="SO1", differs=SUMS, **said)

    return work


SUMS = "F&O 30.00, Commerce 10.00 USD"


def test_a_record_whose_sums_differ_is_listed_until_a_person_has_decided(shop: Line) -> None:
    beside(shop, differs("000000042@1"))
    (row,) = shop("parked", "--json").documents
    assert (row["kind"], row["differs"], row["remedy"]) == ("differs", SUMS, "Credit it.")
    assert "20.00 too much" in shop("parked").out
    assert shop("left-out").out == "No account goes without an address.\n"
    assert shop("health", "--json").documents[0]["parked"]["orders"] == 1
    assert "Parked, by flow" in shop("health").out
    decision = ("resolve", "orders", "000000042", "--why", "paid by hand", "--by", "ann")
    assert f"stays at {SUMS}" in shop(*decision).out
    assert shop("parked").out == "Nothing is parked.\n"
    (story,) = shop("trail", "000000042", "--json").documents
    assert (story["differs"], story["resolved"], story["remedy"]) == ("", SUMS, "")
    entry = story["trail"][-1]
    assert (entry["event"], entry["reason"]) == ("resolved", "paid by hand")
    assert entry["details"] == {"by": "ann", "resolved": SUMS}
    assert "paid by hand" in shop("trail", "000000042").out
    again = shop(*decision)
    assert (again.status, "no sums of orders 000000042 wait" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ordres", "1", "--why", "x"), "no flow is called"),
        (("orders", "000000042", "--why", " "), "--why is empty"),
        (("orders", "000000042", "--why", "x"), "000000042@1 (shop), 000000042@2 (shop)"),
        (("orders", "000000043", "--why", "x"), "is not delivered"),
        (("orders", "999999999", "--why", "x"), "no sums of orders 999999999 wait"),
    ],
)
def test_a_decision_names_one_record_that_asks_for_one(
    shop: Line, arguments: tuple[str, ...], words: str
) -> None:
    for work in (differs("000000042@1"), differs("000000042@2"), parks("000000043@1", "x")):
        beside(shop, work)
    ran = shop("resolve", *arguments)
    assert (ran.status, words in ran.err) == (2, True)
    assert shop("resolve", "orders", "000000042@2", "--why", "x", "--json").documents == [
        {"connection": "shop", "flow": "orders", "key": "000000042@2", "resolved": SUMS}
    ]


def test_one_record_is_corrected_with_who_and_why(shop: Line) -> None:
    beside(shop, parks("000000042@1", "not mapped"))
    record, why = ("orders", "000000042"), ("--why", "by phone", "--by", "ann")
    asked = shop("hold", *record, *why)
    assert (asked.status, "Nothing was changed. Add --yes" in asked.err) == (1, True)
    assert "Nothing of it is delivered until it is released." in asked.out
    assert shop("hold", *record, *why, "--yes").out.startswith("Done.")
    again = shop("hold", *record, *why, "--yes")
    assert (again.status, "held already, by ann" in again.err) == (2, True)
    now = ("--yes", "--wait", "0", "--json")
    (done,) = shop("release", *record, *why, *now).documents
    assert (done["key"], done["outcome"]) == ("000000042@1", "still waiting")
    unclear = shop("adopt", *record, "SO-9", *why, *now)
    assert "Name it with --document." in unclear.err
    sales_order = ("--document", "sales_order")
    (done,) = shop("adopt", *record, "SO-9", *sales_order, *why, *now).documents
    assert done["done"] == "Its sales_order is SO-9. It is compared now."
    assert "is SO-9 already" in shop("adopt", *record, "SO-8", *why, *now).err
    (done,) = shop("relink", *record, "SO-8", *why, *now).documents
    assert done["done"].startswith("Its sales_order is SO-8, no more SO-9.")
    (done,) = shop("forget", *record, *why, *now).documents
    assert done["done"].startswith("Forgotten: sales_order SO-8.")
    assert "no sales_order of it is known" in shop("relink", *record, "1", *sales_order, *why).err
    (story,) = shop("trail", "000000042", "--json").documents
    events = [(row["event"], row["reason"]) for row in story["trail"]]
    assert [one for one in events if one[1] == "by phone"] == [
        (event, "by phone") for event in ("on_hold", "off_hold", "linked", "linked", "forgotten")
    ]


def test_a_parked_record_is_skipped_with_who_and_why(shop: Line) -> None:
    beside(shop, parks("000000042@1", "not mapped"))
    record, why = ("orders", "000000042"), ("--why", "a test order", "--by", "ann")
    assert "It is not delivered." in shop("skip", *record, *why).out
    assert shop("skip", *record, *why, "--yes").status == 0
    assert shop("parked").out == "Nothing is parked.\n"
    (story,) = shop("trail", "000000042", "--json").documents
    (entry,) = [row for row in story["trail"] if row["event"] == "skipped"]
    assert (entry["reason"], entry["details"]["by"]) == ("a test order", "ann")
    assert "it is not parked" in shop("skip", *record, *why, "--yes").err


def test_a_replay_beside_a_serving_process_tells_what_came_of_it(
    shop: Line, systems: Systems
) -> None:
    beside(shop, parks(f"{systems.orders[2]}@1", "not mapped"))
    with serving(shop.folder):
        (told,) = shop("replay", "--parked", "--yes", "--json").documents
    assert (told["outcome"], told["reason"]) == ("posted", "")
    assert told["number"]
    waiting = shop("replay", systems.orders[2], "--yes")
    assert "No process serves this directory" in waiting.err
    assert "Enqueued: 1. Still waiting: 1." in waiting.out
    shop.deliver_everything()


def test_a_message_set_aside_is_replayed_and_forgotten(shop: Line, systems: Systems) -> None:
    beside(shop, sets_aside([a_message(f"{systems.orders[1]}@1")]))
    assert "Enqueued: 1" in shop("replay", systems.orders[1], "--yes").out
    assert shop("parked").out == "Nothing is parked.\n"
    shop.deliver_everything()
    assert shop("trail", systems.orders[1], "--json").documents[0]["state"] == "delivered"


def test_a_replay_of_a_stranger_replays_nothing(shop: Line) -> None:
    beside(shop, parks("000000042@1", "not mapped"))
    ran = shop("replay", "000000042", "0000", "--yes")
    assert ran.status == 2
    assert "nothing was replayed" in ran.err
    assert shop.deliver_everything() == 0


@pytest.mark.parametrize(
    "arguments", [(), ("42", "--parked"), ("42", "--reason", "x"), ("--parked", "--left-out")]
)
def test_a_replay_needs_to_know_what(shop: Line, arguments: tuple[str, ...]) -> None:
    assert shop("replay", *arguments).status == 2


def test_a_backfill_of_a_time_enqueues_what_changed_in_it(shop: Line, systems: Systems) -> None:
    ran = shop("backfill", "--from", "2020-01-01", "--to", TOMORROW, "--json")
    (told,) = ran.documents
    assert (told["connection"], told["flow"]) == ("shop", "orders")
    assert told["enqueued"] == len(told["records"]) == len(systems.orders)
    assert told["outcomes"] == {"still waiting": len(systems.orders)}
    assert "No process serves this directory" in ran.err
    assert (
        shop("backfill", "--from", "2020-01-01", "--to", "2020-01-02").out
        == "Enqueued: 0 of orders on shop.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--from", "2026-01-02", "--to", "2026-01-01"),
        ("--ids", "1", "--to", "2026-01-01"),
        ("--from", "soon"),
    ],
)
def test_a_backfill_needs_a_time_or_numbers(shop: Line, arguments: tuple[str, ...]) -> None:
    assert shop("backfill", *arguments).status == 2


@pytest.mark.parametrize(("flow", "strange"), [("orders", "999999999"), ("customers", "hello")])
def test_a_backfill_of_what_nobody_knows_enqueues_nothing(
    shop: Line, systems: Systems, flow: str, strange: str
) -> None:
    known = systems.orders[0] if flow == "orders" else "1"
    ran = shop("backfill", "--flow", flow, "--ids", f"{known},{strange}", "--json")
    assert ran.status == 2
    assert f"no record of {flow} called {strange}: nothing was enqueued" in ran.err
    assert shop.deliver_everything() == 0


def test_customers_are_matched_by_the_rules_and_stored_when_that_is_meant(delivered: Line) -> None:
    ran = delivered("map", "customers", "match", "--json")
    assert ran.status == 0
    assert ran.documents[-1]["kind"] == "counts"
    assert ran.documents[-1]["stored"] == 0
    assert "@example" not in ran.out
    assert delivered("map", "customers", "match", "--yes").status == 0
    assert delivered("map", "customers", "match", "--json").documents[-1]["new"] == 0


def test_products_are_matched_and_stored_when_that_is_meant(shop: Line) -> None:
    counts = shop("map", "items", "match", "--json").documents[-1]
    assert counts["matched"] > 0
    assert (counts["stored"], counts["new"]) == (0, counts["matched"])
    assert "Nothing was stored" in shop("map", "items", "match").err
    assert (
        shop("map", "items", "match", "--yes", "--json").documents[-1]["stored"]
        == counts["matched"]
    )
    again = shop(
        "map", "items", "match", "--search-name", "--rewrite", "WEB-(.+)", r"\1", "--json"
    ).documents[-1]
    assert (again["new"], again["same"]) == (0, counts["matched"])


def test_what_a_person_mapped_is_left_so_by_matching(shop: Line) -> None:
    sku = next(
        row["sku"]
        for row in shop("map", "items", "match", "--json").documents
        if row["kind"] == "new"
    )
    shop("map", "items", "set", sku, "BY-HAND")
    shop("map", "items", "match", "--yes")
    rows = shop("map", "items", "list", "--json").documents
    assert {row["sku"]: row["item_number"] for row in rows}[sku] == "BY-HAND"


@pytest.mark.parametrize(("pattern", "number"), [("WEB-(", "x"), ("WEB-.+", r"\1")])
def test_a_rewriting_rule_that_is_no_pattern_is_refused(
    shop: Line, pattern: str, number: str
) -> None:
    ran = shop("map", "items", "match", "--rewrite", pattern, number)
    assert ran.status == 2
    assert "--rewrite" in ran.err


@pytest.mark.parametrize("text", ["a\udcff", "a\x1b[2J", "\ud800"])
@pytest.mark.parametrize("command", [("trail",), ("erase",), ("map", "items", "set", "SKU")])
def test_what_is_no_text_is_refused_and_not_shown(
    shop: Line, command: tuple[str, ...], text: str
) -> None:
    ran = shop(*command, text)
    assert ran.status == 2
    assert "not UTF-8, or holds a control character" in ran.err
    assert text not in ran.err


def test_a_shop_that_is_away_is_told_plainly(line: Line) -> None:
    line.configured(Systems("http://127.0.0.1:9", "http://127.0.0.1:9", ()))
    ran = line.process("backfill", "--from", "2026-01-01")
    assert ran.status == 2
    assert "no answer from Commerce" in ran.err
    assert "Traceback" not in ran.err


def copies(line: Line, order: str) -> dict[str, Any]:
    """What is kept of an order, by kind."""
    found: dict[str, Any] = {}
    for entry in line("trail", order, "--documents", "--json").documents[0]["trail"]:
        found |= entry["documents"]
    return found


def test_a_persons_copies_are_erased_and_the_trail_stays(delivered: Line, systems: Systems) -> None:
    first, second = systems.orders[:2]
    assert copies(delivered, first)
    listed = delivered("erase", first)
    assert first in listed.out
    assert "Nothing was erased" in listed.err
    assert copies(delivered, first)
    ran = delivered("erase", first, "--yes", "--json")
    assert ran.status == 0
    assert {"connection": "shop", "flow": "orders", "key": f"{first}@1"}.items() <= ran.documents[
        0
    ].items()
    assert ran.documents[0]["erased"] > 0
    assert not copies(delivered, first)
    assert copies(delivered, second)
    assert delivered("trail", first, "--json").documents[0]["state"] == "delivered"
    assert delivered("erase", first, "--yes", "--json").documents[0]["erased"] == 0


def test_everything_of_a_customer_is_found_for_erasing(delivered: Line, systems: Systems) -> None:
    buyers = {
        order: copies(delivered, order)["read"].get("customer_id") for order in systems.orders
    }
    customer = next(str(buyer) for buyer in buyers.values() if buyer)
    listed = delivered("erase", "--customer", customer, "--json").documents
    assert {"connection": "shop", "flow": "customers", "key": customer, "erased": None} in listed
    orders = {row["key"].partition("@")[0] for row in listed if row["flow"] == "orders"}
    assert orders == {order for order, buyer in buyers.items() if str(buyer) == customer}


def test_everything_kept_of_a_customer_is_shown_and_stays(
    delivered: Line, systems: Systems
) -> None:
    order, kept = next(
        (order, kept)
        for order in systems.orders
        if (kept := copies(delivered, order))["read"].get("customer_id")
    )
    customer = kept["read"]["customer_id"]
    documents = delivered("erase", "--customer", str(customer), "--show").documents
    records = {(one["flow"], one["key"]): one for one in documents if "flow" in one}
    shown = records["orders", f"{order}@{kept['read']['store_id']}"]
    assert shown["trail"][-1]["documents"]["read"] == kept["read"]
    assert records["customers", str(customer)]["state"] == "delivered"
    (account,) = [one["account"] for one in documents if "account" in one]
    assert (account["kind"], account["source_key"]) == ("customer", str(customer))
    assert copies(delivered, order) == kept


def test_a_company_that_nobody_knows_is_said_to_be_unknown(shop: Line) -> None:
    assert shop("erase", "--company", "5", "--yes").status == 1


@pytest.mark.parametrize("arguments", [(), ("--customer", "x")])
def test_an_erasure_needs_to_know_whose(shop: Line, arguments: tuple[str, ...]) -> None:
    assert shop("erase", *arguments).status == 2


def test_an_erasure_of_a_stranger_says_so(shop: Line) -> None:
    ran = shop("erase", "999999999")
    assert ran.status == 1
    assert "Nothing is known" in ran.err
