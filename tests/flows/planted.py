"""People with values that occur nowhere else, what they do in a shop, and a search for what is left
of them in files and tables."""

import base64
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from azure.data.tables.aio import TableServiceClient

from sandbox.commerce.catalogue import PLACES, STORES, Shopper
from sandbox.commerce.customers import company_columns, customer_columns
from sandbox.commerce.records import StoredOrder, stamp
from sync.adapters.cipher import Cipher
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.engine.claim import CLAIMS, PARKED, TRAIL
from tests.harness import Harness, key_of
from tests.systems import CONNECTION

SETTINGS: Final = {
    "flows": ("orders", "customers", "companies", "invoices"),
    "invoices": {
        "recipe": "free-text-invoice",
        "revenue_account": "401000",
        "accounts": {"shipping": "401100", "rounding": "403100"},
    },
}
ZEB: Final = Shopper("zeb.q@planted.example", "Zebulonia", "Quagmirez", "hidden", 21)
BOSS: Final = Shopper(
    "boss.c@planted.example", "Bossberta", "Confidentia", "hidden", 22,
    company="Canarycorp Ltd", vat_id="DE999888777",
)  # fmt: skip
BUYER: Final = Shopper(
    "buyer.x@planted.example", "Buyolf", "Xylophonius", "hidden", 23,
    company="Canarycorp Ltd", company_id=22,
)  # fmt: skip
WUMP: Final = Shopper("wump@planted.example", "Wumpuston", "Gastrich", "hidden")
PHONE: Final = "0176-5551234"
PLANTED: Final = (
    "planted.example", "zebulonia", "quagmirez", "bossberta", "confidentia", "buyolf",
    "xylophonius", "wumpuston", "gastrich", "canarycorp", "secretive", "hiddenville", PHONE,
    "de999888777",
)  # fmt: skip
OLD_REASON: Final = "Customer Zebulonia Quagmirez, 77 Secretive Lane, Hiddenville is not valid"


class People:
    """What they do in a harness. `orders`: theirs."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.orders: dict[str, StoredOrder] = {}
        shop, now = harness.commerce, stamp(harness.clock.now())
        hidden = replace(PLACES["la"], city="Hiddenville", street=("77 Secretive Lane",))
        places = {**shop.catalogue.places, "hidden": hidden}
        shoppers = (*shop.catalogue.shoppers, ZEB, BOSS, BUYER, WUMP)
        catalogue = replace(shop.catalogue, places=places, shoppers=shoppers)
        shop.catalogue = shop.maker.catalogue = catalogue
        for one in (ZEB, BOSS, BUYER):
            assert one.id is not None
            columns = customer_columns(one, hidden, STORES[0], now)
            columns["addresses"][0]["telephone"] = PHONE
            shop.customers[one.id] = columns
        shop.companies[22] = {**company_columns(BOSS, hidden), "telephone": PHONE}

    async def come_and_buy(self) -> None:
        """Delivered, invoiced, changed, parked."""
        harness = self.harness
        for name, shopper in (("zeb", ZEB), ("buyer", BUYER), ("wump", WUMP)):
            order = self.orders[name] = harness.place(shopper=shopper, note="For Zebulonia")
            order.billing["telephone"] = PHONE
            await harness.delivers(order)
        await harness.hook("companies", {"data": {"company": {"entity_id": 22}}})
        invoice = harness.commerce.invoice(self.orders["zeb"])
        named = {"increment_id": invoice["increment_id"], "store_id": invoice["store_id"]}
        await harness.hook("invoices", {"data": {"invoice": named}})
        parked = self.orders["parked"] = harness.place(shopper=ZEB)
        parked.row["order_currency_code"] = "XTS"
        await harness.delivers(parked)
        assert await harness.parked() == [key_of(parked)]

    async def left_by_an_earlier_release(self) -> None:
        """Free text of F&O in the trail, the claim and the list; plain digests; and a queue's
        message about a record, and one of nobody's."""
        tables, key = self.harness.services.edition_parts.tables, key_of(self.orders["parked"])
        record, partition = f"{CONNECTION}|orders|{key}", f"{CONNECTION}|orders"
        rows = [row async for row in tables.query(TRAIL, record)]
        await tables.upsert(TRAIL, rows[-1].having(reason=OLD_REASON, details=self._details()))
        for table in (CLAIMS, PARKED):
            row = await tables.get(table, partition, key)
            assert row is not None
            await tables.upsert(table, row.having(reason=OLD_REASON, remedy=OLD_REASON))
        refused = key_of(self.orders["wump"])
        await self.harness.services.refused_keys.keep(CONNECTION, "orders", refused, "webhook")
        contacts = f"{CONNECTION}|contacts"
        found = [row async for row in tables.query(CLAIMS, contacts)]
        buyer = next(row for row in found if row.key.startswith("23@"))
        await tables.upsert(CLAIMS, buyer.having(digest=guessed()))
        story = [row async for row in tables.query(TRAIL, f"{contacts}|{buyer.key}")]
        details = f'{{"digest":"{guessed()}","ms":7}}'
        await tables.upsert(TRAIL, story[0].having(details=details))

    def _details(self) -> str:
        return f'{{"ms":5,"description":"{OLD_REASON}","amounts":{{"commerce":"10.00"}}}}'


def guessed() -> str:
    """The plain digest of a contact, as anybody can work it out who guesses the name."""
    body = {"FirstName": BUYER.firstname, "LastName": BUYER.lastname,
            "PrimaryEmailAddress": BUYER.email}  # fmt: skip
    return digest(body)


def names_in(text: bytes) -> set[str]:
    """The planted values in some bytes, whatever their case or width."""
    small = text.lower()
    return {
        word
        for word in (*PLANTED, guessed())
        if word.encode() in small or word.encode("utf-16-le") in small
    }


def _carved(raw: bytes) -> Iterator[bytes]:
    """Everything that may be a sealed copy, wherever it lies in a file."""
    for found in re.finditer(rb'"\$bytes":"([A-Za-z0-9+/=]{100,})"', raw):
        with suppress(ValueError):
            yield base64.b64decode(found[1])


def _opened(sealed: Iterable[bytes], cipher: Cipher) -> Iterator[bytes]:
    for one in sealed:
        with suppress(Never):
            yield cipher.open(one)


def left_in_files(home: Path, cipher: Cipher) -> set[str]:
    """What is found in the bytes of all files of a directory, and in what the vault's own key
    opens of them."""
    found: set[str] = set()
    for path in home.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            found |= names_in(raw)
            for text in _opened(_carved(raw), cipher):
                found |= names_in(text)
    return found


async def left_in_account(account: str, cipher: Cipher) -> set[str]:
    """The same of every row of every table of a storage account."""
    found: set[str] = set()
    async with TableServiceClient.from_connection_string(account) as service:
        async for table in service.list_tables():
            async for entity in service.get_table_client(table.name).list_entities():
                found |= names_in(repr(dict(entity)).encode())
                cells = [cell for cell in entity.values() if isinstance(cell, bytes)]
                for text in _opened(cells, cipher):
                    found |= names_in(text)
    return found
