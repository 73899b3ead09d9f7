"""What each page shows and does, asked as a browser asks without its script."""

import io
import re
import zipfile
from datetime import timedelta

from sync.app.console_sign_ins import Role
from sync.reconcile.nightly import AT_ONCE, Nightly
from sync.reconcile.stored import Reconciliations
from tests.console.browsing import Browser
from tests.harness import Harness, in_harness, key_of
from tests.systems import CONNECTION

UNMAPPED = {"rule": "none"}
SKUS = ("SIMPLE-001", "SIMPLE-002")


async def parks(harness: Harness, *skus: str) -> str:
    """An order whose SKU nobody has mapped; returns its key."""
    order = harness.place(skus=skus or SKUS[:1])
    await harness.delivers(order)
    return key_of(order)


@in_harness()
async def test_all_is_well_where_nothing_waits(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    await harness.polls()
    await harness.polls("customers")
    page = await (await Browser.of(harness)).sees()
    assert "Everything flows." in page.text
    assert "orders Commerce → F&O ✓ flows" in page.text
    assert "customers Commerce → F&O" in page.text


@in_harness()
async def test_requests_are_shown_by_system_and_secrets_with_their_state(harness: Harness) -> None:
    harness.opens_one_of_many()
    await harness.delivers(harness.place())
    browser = await Browser.of(harness)
    page = await browser.sees()
    assert "Requests under way at once" in page.text
    assert re.search(r"Commerce at shop.example.com \d+ \d+ \d+ \d+ \d+", page.text), page.text
    page = await browser.sees("/connections")
    assert "token ✓ set – –" in page.text


@in_harness()
async def test_an_alert_that_stands_is_on_the_first_page(harness: Harness) -> None:
    await harness.services.watch.look()
    page = await (await Browser.of(harness)).sees()
    for words in ("Alerts that stand", "orders of shop is behind by", "records do not flow"):
        assert words in page.text


@in_harness(items=UNMAPPED)
async def test_the_first_sentence_says_how_much_waits_and_for_how_much_money(
    harness: Harness,
) -> None:
    order = harness.place(skus=SKUS[:1])
    await harness.delivers(order)
    page = await (await Browser.of(harness)).sees()
    assert "1 record waits for you." in page.text
    assert f"{order.row['grand_total']:,.2f} USD." in page.text
    assert "Late: orders (shop)" in page.text


@in_harness()
async def test_a_record_tells_its_story_and_the_proof_of_its_money(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    key, number = key_of(order), harness.header(order)["SalesOrderNumber"]
    page = await (await Browser.of(harness)).sees("/search", q=str(order.row["increment_id"]))
    assert str(page.answer.url.params["key"]) == key
    for words in (f"orders {key}", "delivered", number, "Money proof", "created", "Told by"):
        assert words in page.text
    assert f"commerce {order.row['grand_total']:.2f}" in page.text
    assert "cmp=usmf" in page.html
    assert "@example" not in page.html, "no document is shown until somebody asks"


@in_harness()
async def test_a_record_is_found_by_its_number_in_the_ledger(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    browser = await Browser.of(harness)
    page = await browser.sees("/search", q=harness.header(order)["SalesOrderNumber"])
    assert key_of(order) in page.text
    await browser.sees("/search")
    assert "Nothing is known of 4711." in (await browser.posts("/search", q="4711")).text


@in_harness()
async def test_a_guest_is_found_by_address_and_the_address_is_in_no_url(harness: Harness) -> None:
    from tests.harness import GUEST

    order = harness.place(shopper=GUEST)
    await harness.delivers(order)
    browser = await Browser.of(harness)
    await browser.sees("/search")
    page = await browser.posts("/search", q=str(order.row["customer_email"]))
    assert "customers guest:" in page.text
    asked = [str(one.url) for one in (*page.answer.history, page.answer)]
    assert not [url for url in asked if "@" in url or "%40" in url]


@in_harness()
async def test_documents_are_shown_to_operators_and_the_trail_says_who_looked(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    key = key_of(order)
    browser = await Browser.of(harness)
    record = {"connection": CONNECTION, "flow": "orders", "key": key}
    page = await browser.sees("/record", **record)
    entry = re.findall(r'name="entry" value="([^"]+)"', page.html)[-1]
    page = await browser.posts("/record/documents", **record, entry=entry)
    for words in ("Read from its system", "Sent", str(order.row["customer_email"])):
        assert words in page.text
    (looked,) = [one for one in await harness.trail(order) if one.event == "looked at"]
    assert looked.details["by"] == "ann"
    assert "looked at the documents of" in (await browser.sees("/activity")).text


@in_harness(items=UNMAPPED)
async def test_records_that_wait_for_the_same_thing_are_one_cause(harness: Harness) -> None:
    keys = [await parks(harness), await parks(harness), await parks(harness, SKUS[1])]
    browser = await Browser.of(harness)
    page = await browser.sees("/parked")
    assert "Replay 2" in page.text
    assert "Replay 1" in page.text
    link = re.findall(r'data-open href="([^"]+)"', page.html)[0].replace("&amp;", "&")
    page = await browser.sees(link.removeprefix("/api/console"))
    assert keys[0] in page.text
    assert keys[1] in page.text
    assert keys[2] not in page.text
    found = await browser.sees("/parked.csv", text=SKUS[1])
    assert [line.split(",")[2] for line in found.html.splitlines()] == ["key", keys[2]]


@in_harness(items=UNMAPPED)
async def test_a_sku_is_mapped_and_what_waited_for_it_is_replayed(harness: Harness) -> None:
    key = await parks(harness)
    browser = await Browser.of(harness)
    page = await browser.sees("/mappings")
    assert "simple-001 1" in page.text
    page = await browser.sees("/mappings", sku=SKUS[0])
    assert f"F&O has released an item of the same number, {SKUS[0]}" in page.text
    assert f'name="item_number" value="{SKUS[0]}"' in page.html
    form = {"connection": CONNECTION, "sku": SKUS[0], "item_number": SKUS[0], "unit": "ea"}
    page = await browser.posts("/mappings/put", **form)
    assert f"{SKUS[0]} {SKUS[0]}" in page.text
    cause = {"connection": CONNECTION, "flow": "orders", "text": SKUS[0]}
    page = await browser.sees("/replay", **cause)
    assert "One record will be delivered again." in page.text
    assert "be delivered" in page.text, "tried without writing anything"
    page = await browser.posts("/replay", **cause, count="1")
    assert "still waiting 1" in page.text
    harness.services = browser.services
    await harness.works_until_idle()
    page = await browser.sees("/activity/one", id=page.answer.url.params["id"])
    assert "posted 1" in page.text
    assert (await harness.claim(key)).state == "delivered"
    asked = next(entry for entry in await harness.trail(key) if entry.event == "asked")
    assert asked.details["by"] == "ann"
    assert "Nothing waits for you." in (await browser.sees("/parked")).text
    page = await browser.sees("/mappings")
    page = await browser.posts("/mappings/remove", connection=CONNECTION, sku=SKUS[0])
    assert "There is no row" in page.text


@in_harness(items=UNMAPPED)
async def test_a_replay_that_would_park_again_says_so_and_another_number_is_asked_again(
    harness: Harness,
) -> None:
    await parks(harness)
    browser = await Browser.of(harness)
    page = await browser.sees("/replay", flow="orders", connection=CONNECTION)
    assert "park again" in page.text
    await parks(harness)
    page = await browser.posts("/replay", flow="orders", connection=CONNECTION, count="1")
    assert "Other records fit by now." in page.text
    assert (await browser.sees("/activity")).text.count("replayed") == 0


@in_harness(items=UNMAPPED)
async def test_a_parked_record_is_skipped_with_a_reason(harness: Harness) -> None:
    key = await parks(harness)
    browser = await Browser.of(harness)
    record = {"connection": CONNECTION, "flow": "orders", "key": key}
    page = await browser.sees("/decide", **record)
    assert f"Do not deliver orders {key}" in page.text
    assert "the reason is empty" in (await browser.posts("/decide", **record, why=" ")).text
    await browser.sees("/decide", **record)
    page = await browser.posts("/decide", **record, why="a test order")
    assert "skipped" in page.text
    assert "a test order" in page.text
    (entry,) = [one for one in await harness.trail(key) if one.event == "skipped"]
    assert (entry.reason, entry.details["by"]) == ("a test order", "ann")
    assert await harness.parked() == []
    page = await browser.sees("/decide", what="skip", **record)
    assert "does not wait for this decision" in page.text


@in_harness()
async def test_a_record_is_held_and_released_and_what_was_forgotten_is_found_again(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    number = harness.header(order)["SalesOrderNumber"]
    browser = await Browser.of(harness)
    harness.services = browser.services
    record = {"connection": CONNECTION, "flow": "orders", "key": key_of(order)}
    await browser.sees("/decide", what="hold", **record)
    page = await browser.posts("/decide", what="hold", why="they call back", **record)
    assert "Held by ann" in page.text
    await browser.posts("/decide", what="release", why="they called", **record)
    assert "Held by" not in (await browser.sees("/record", **record)).text
    await harness.works_until_idle()
    await browser.sees("/decide", what="forget", **record)
    await browser.posts("/decide", what="forget", why="deleted, they say", **record)
    await harness.works_until_idle()
    assert harness.header(order)["SalesOrderNumber"] == number, "looked for, and not made twice"
    assert "adopted" in (await browser.sees("/record", **record)).text


@in_harness()
async def test_a_connection_is_paused_and_resumed_and_everybody_is_told_why(
    harness: Harness,
) -> None:
    browser = await Browser.of(harness)
    await browser.sees("/connections")
    page = await browser.posts("/connections/pause", flow="orders", why="closing the month")
    assert "closing the month" in page.text
    page = await browser.sees()
    assert "Pauses: 1." in page.text
    assert "‖ paused closing the month" in page.text
    await browser.sees("/connections")
    page = await browser.posts("/connections/resume", flow="orders")
    assert "Nothing is paused." in page.text
    assert await browser.services.flow_pauses.standing() == ()
    assert "resumed" in (await browser.sees("/activity")).text


@in_harness()
async def test_connections_say_which_secrets_are_there_and_what_a_check_finds(
    harness: Harness,
) -> None:
    browser = await Browser.of(harness)
    page = await browser.sees("/connections")
    assert "consumer-key ✓ set" in page.text
    assert "Not checked from the console yet." in page.text
    page = await browser.posts("/connections/check", connection=CONNECTION)
    assert re.search(r"\d+ fine; by ann", page.text)


@in_harness()
async def test_what_is_not_known_is_said_with_what_to_do(harness: Harness) -> None:
    browser = await Browser.of(harness)
    page = await browser.sees("/record", connection=CONNECTION, flow="orders", key="9@1")
    assert page.status == 400
    assert "backfill --flow orders --ids 9@1" in page.text
    assert (await browser.sees("/parked", flow="ordres")).status == 400
    assert (await browser.sees("/activity/one", id="0")).status == 400
    assert (await browser.sees("/nowhere")).status == 404


@in_harness(flows=("orders", "customers"), reconcile={"days": 2})
async def test_what_a_night_has_found_is_shown_by_day_with_what_mends_it(
    harness: Harness,
) -> None:
    await harness.delivers(harness.place())
    missing = harness.place()
    browser = await Browser.of(harness)
    assert "No night has compared these books yet." in (await browser.sees("/reconciliation")).text
    day = await reconciled(browser, harness)
    await browser.signs_in(Role.OPERATOR, "ann")
    page = await browser.sees("/reconciliation")
    assert "Differences left to mend: 1" in page.text
    assert f"{day} orders USD 2" in page.text
    assert f"Differences of {CONNECTION}: 1." in (await browser.sees()).text
    page = await browser.sees("/reconciliation/day", connection=CONNECTION, day=day)
    assert f"orders {key_of(missing)} missing USD {missing.row['grand_total']:.2f}" in page.text
    assert "backfill" in page.text
    found = await browser.sees("/reconciliation.csv", connection=CONNECTION, day=day)
    assert found.html.splitlines()[1].startswith(f"orders,{key_of(missing)}")
    for query in ({"day": day}, {}):
        book = await browser.sees("/reconciliation.xlsx", connection=CONNECTION, **query)
        with zipfile.ZipFile(io.BytesIO(book.answer.content)) as sheets:
            assert key_of(missing) in sheets.read("xl/worksheets/sheet2.xml").decode()
            assert "orders" in sheets.read("xl/worksheets/sheet1.xml").decode()
    for query in ({"connection": CONNECTION, "day": "soon"}, {"day": day}):
        assert (await browser.sees("/reconciliation/day", **query)).status == 400


async def reconciled(browser: Browser, harness: Harness) -> str:
    """A day passes, and the books are compared as each night does; returns the day."""
    await harness.works_for(36 * 3600)
    nightly = Nightly(CONNECTION, browser.services.engine())
    start = harness.clock.now() - timedelta(days=2)
    while (await nightly.run(start)) == AT_ONCE:
        pass
    open_ = await Reconciliations(harness.systems.tables).open(CONNECTION)
    assert open_ is not None
    return open_.day.isoformat()
