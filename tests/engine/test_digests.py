"""Digests are stored keyed; what earlier releases stored plain is the same document, and is keyed
when its row is next written."""

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.core.ports import Row
from sync.engine.claim import CLAIMS, TRAIL, State
from sync.engine.digests import KeyedDigests
from sync.engine.ledger import Ledger
from sync.engine.trail import Entry
from tests.contracts.hand_clock import HandClock
from tests.doubles.digests import DIGESTS
from tests.flows.b2b import B2B, KIM, in_b2b
from tests.systems import CONNECTION

PERSON = digest({"FirstName": "Kim", "PrimaryEmailAddress": "kim.buyer@example.com"})


@pytest.mark.parametrize("text", ["{}", "held|{}", "mixed|held|{}", "{}|held:Invoice:No"])
def test_a_digest_is_keyed_once_and_what_stands_around_it_stays(text: str) -> None:
    plain = text.format(PERSON)
    keyed = DIGESTS(plain)
    assert PERSON not in keyed
    assert keyed == text.format(DIGESTS(PERSON)) == DIGESTS(keyed)
    assert DIGESTS.same(plain, keyed)
    assert DIGESTS.same(keyed, plain)
    assert not DIGESTS.same(keyed, text.format(digest("another")))


def test_without_the_key_nobody_can_test_a_guess() -> None:
    another = KeyedDigests(b"another key of digests")
    assert another(PERSON) != DIGESTS(PERSON)
    assert not another.same(DIGESTS(PERSON), PERSON)


@pytest.mark.parametrize("key", [b"", b" " * 32, b"short", b"\n" * 20 + b"x"])
def test_a_key_that_can_be_guessed_keys_nothing_and_is_not_shown(key: bytes) -> None:
    with pytest.raises(Never, match="email-key has fewer than 16 characters") as caught:
        KeyedDigests(key)
    assert not key.strip() or key.decode().strip() not in str(caught.value)


@pytest.mark.parametrize("text", ["", "000000042@1", PERSON[:63], f"{PERSON}0", PERSON.upper()])
def test_what_is_no_digest_stays(text: str) -> None:
    assert DIGESTS(text) == text


async def test_no_row_of_the_ledger_holds_a_plain_digest() -> None:
    tables, clock = SqliteTables(":memory:"), HandClock()
    ledger = Ledger(tables, clock, DIGESTS)
    claim, _ = await ledger.take("shop", "contacts", "7@C1", "worker")
    claim = await ledger.save(claim, intent_document=f"mixed|{PERSON}", seen=PERSON)
    await ledger.write(claim, Entry(clock.now(), "created", details={"digest": PERSON, "ms": 1}))
    targets = f'{{"contact_person":{{"number":"P1","digest":"{PERSON}"}}}}'
    await ledger.release(claim, state=State.DELIVERED, digest=PERSON, targets=targets)
    for table, partition in ((CLAIMS, "shop|contacts"), (TRAIL, "shop|contacts|7@C1")):
        rows = [row async for row in tables.query(table, partition)]
        assert rows
        assert PERSON not in repr(rows)
    stored = await ledger.claim("shop", "contacts", "7@C1")
    assert stored.delivered["contact_person"].digest == DIGESTS(PERSON)
    tables.close()


@in_b2b()
async def test_a_plain_digest_of_an_earlier_release_is_the_same_document_and_is_keyed(
    b2b: B2B,
) -> None:
    await b2b.notify()
    await b2b.delivers(b2b.buys())
    tables, partition = b2b.systems.tables, f"{CONNECTION}|contacts"
    rows = [row async for row in tables.query(CLAIMS, partition)]
    row = next(row for row in rows if row.key.startswith(f"{KIM.id}@"))
    plain = digest({"FirstName": KIM.firstname, "LastName": KIM.lastname,
                    "PrimaryEmailAddress": KIM.email})  # fmt: skip
    assert row.values["digest"] == DIGESTS(plain)
    cells = {name: value for name, value in row.values.items() if name != "targets"}
    await tables.upsert(CLAIMS, Row(partition, row.key, {**cells, "digest": plain}))
    before = sum(len(b2b.rows(table)) for table in ("ContactPersons", "CustTable"))
    await b2b.notify(KIM.id or 0, "customers")
    assert (await b2b.claim(row.key, "contacts")).digest == plain
    await b2b.services.repair.run()
    assert (await b2b.claim(row.key, "contacts")).digest == DIGESTS(plain)
    assert await b2b.events(row.key, "contacts") == ["created"]
    assert sum(len(b2b.rows(table)) for table in ("ContactPersons", "CustTable")) == before
