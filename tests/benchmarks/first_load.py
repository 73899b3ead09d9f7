"""What the first load of a catalogue takes: products with variants and images into an empty shop,
by a process that is killed now and then. In virtual time, in which the shop takes as long as a real
one was measured to take.
"""

import asyncio
import json
import re
import resource
from collections import Counter
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass, field, replace
from time import process_time
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import httpx
from typing_extensions import override

from sync.app.services import Services
from sync.engine.publication import EVERYTHING
from sync.flows import FLOWS
from sync.mapping_tables.records import ItemMapping
from tests.benchmarks.counted import CountedTables
from tests.benchmarks.stock import AT, JSON, ON_HAND
from tests.harness import Harness
from tests.systems import CONNECTION

COLORS, SIZES = ("Red", "Green", "Blue"), ("S", "M", "L")
EACH: Final = len(COLORS) * len(SIZES)
"""Variants of a master."""
SECONDS: Final = {"GET": 0.1, "POST": 0.15, "PUT": 0.15}
"""A product's save was measured at 110 to 170 ms."""
RATE: Final = 200
"""A process lives for so long as this many products a second would take, then it is killed."""
WHOLE: Final = 4
"""Minutes are told whole: of fewer, one more says little of the estimate."""
SETTINGS: Final[Mapping[str, Any]] = {
    "flows": ("orders", "products"),
    "products": {
        "which": "released", "fields": ("name", "weight"), "create": True, "configurables": True,
        "dimensions": {"color": "color", "size": "size"}, "images": True,
    },
}  # fmt: skip
IMAGE: Final = "aW1hZ2U=" * 8_000
PLAIN: Final = (
    '"ProductType":"Item","ProductGroupId":"","ProductLifecycleStateId":"","NetProductWeight":1,'
    '"SalesSalesTaxItemGroupCode":"","TareProductWeight":0,"InventoryUnitSymbol":"ea",'
    '"SalesUnitSymbol":"ea","SellStartDate":null,"SellEndDate":null'
)
ATTRIBUTES: Final = [
    {
        "attribute_id": number, "attribute_code": code, "frontend_input": "select",
        "backend_type": "int",
        "options": [{"label": one, "value": str(10 * number + at)} for at, one in enumerate(all_)],
    }
    for number, (code, all_) in enumerate((("color", COLORS), ("size", SIZES)), 93)
]  # fmt: skip


RELEASED: Final = (
    '{{"ItemNumber":"{item}","ProductNumber":"{item}","ProductSubType":"ProductMaster",' + PLAIN
) + "}}"
NAMED: Final = '{{"ProductNumber":"{number}","ProductName":"Cap {number}","ProductDescription":""}}'
VARIANT: Final = (
    '{{"ItemNumber":"{item}","ProductColorId":"{color}","ProductSizeId":"{size}",'
    '"ProductStyleId":"","ProductConfigurationId":"","ProductVersionId":"",'
    '"ProductVariantNumber":"{number}","ProductLifecycleStateId":""}}'
)
ATTACHED: Final = (
    '{{"dataAreaId":"usmf","ItemNumber":"{item}","DocumentAttachmentTypeCode":"Image",'
    '"AttachmentDescription":"front","AttachedDateTime":"2026-01-01T00:00:00Z",'
    '"FileType":"png","IsProductImage":"Yes","IsDefaultProductImage":"Yes",'
    '"ProductImageUsage":"External"}}'
)
ROWS: Final = {
    "ReleasedProductsV2": (RELEASED, 1), "ProductsV2": (NAMED, EACH + 1),
    "ReleasedProductVariantsV2": (VARIANT, EACH),
    "ReleasedProductDocumentAttachments": (ATTACHED, 1),
}  # fmt: skip
"""A row of each set, and how many there are of a master."""


@dataclass
class EmptyShop:
    """Both systems: F&O with masters, and a shop that begins without any product. `requests`: by
    kind; `seconds`: how long they took to be made. `slow`: how many times as long as measured the
    shop takes."""

    masters: int
    slow: int = 1
    seconds: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)
    products: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """One request, after a while."""
        await asyncio.sleep(self.slow * SECONDS[request.method])
        began = process_time()
        try:
            return self.at_once(request)
        finally:
            self.seconds += process_time() - began

    def at_once(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        name = request.url.path.rpartition("/")[2]
        query = parse_qs(request.url.query.decode())
        if "/products" in request.url.path:
            return self._of_shop(request, unquote(name), query)
        self.requests[f"{request.method} {name.partition('(')[0]}"] += 1
        if name in ROWS:
            return self._page(name, query)
        if name.startswith("ReleasedProductDocumentAttachments("):
            return httpx.Response(200, json={"Attachment": IMAGE})
        return httpx.Response(200, json={"items": [], "total_count": 0, "value": []})

    def _page(self, name: str, query: Mapping[str, list[str]]) -> httpx.Response:
        template, each = ROWS[name]
        first, most = int(query.get("$skip", ["0"])[0]), self.masters * each
        end = min(first + ON_HAND, most)
        rows = []
        for at in range(first, end):
            item, variant = f"CAP-{at // each:05}", at % each
            number = item if variant == EACH else f"{item}:{variant}"
            color, size = COLORS[variant % 3], SIZES[variant // 3 % 3]
            rows.append(template.format(item=item, number=number, color=color, size=size))
        more = "" if end == most else f',"@odata.nextLink":"{AT}{name}?$skip={end}"'
        text = f'{{"value":[{",".join(rows)}]{more}}}'
        return httpx.Response(200, content=text.encode(), headers=JSON)

    def _of_shop(
        self, request: httpx.Request, name: str, query: Mapping[str, list[str]]
    ) -> httpx.Response:
        if name == "attributes":
            self.requests["GET attributes"] += 1
            return httpx.Response(200, json={"items": ATTRIBUTES, "total_count": len(ATTRIBUTES)})
        if request.method == "GET":
            self.requests["GET products"] += 1
            return self._listed(query)
        body = json.loads(request.content)
        if name == "media":
            self.requests["POST media"] += 1
            sku = unquote(request.url.path.split("/")[-2])
            gallery = self.products[sku.casefold()]["media_gallery_entries"]
            gallery.append(
                {"id": len(gallery) + 1, "file": f"/c/{body['entry']['content']['name']}"}
            )
            return httpx.Response(200, json="1")
        self.requests[f"{request.method} product"] += 1
        sent = body["product"]
        sku = sent.get("sku", name)
        first = {"id": len(self.products) + 1, "sku": sku, "media_gallery_entries": []}
        self.products.setdefault(sku.casefold(), first).update(sent)
        return httpx.Response(200, json={})

    def _listed(self, query: Mapping[str, list[str]]) -> httpx.Response:
        at = "searchCriteria[filter_groups][0][filters][0]"
        field_, values = query.get(f"{at}[field]", [""])[0], query.get(f"{at}[value]", [""])[0]
        if field_ == "sku":
            skus = [one.casefold() for one in values.split(",")]
            found = [self.products[one] for one in skus if one in self.products]
        elif field_ == "entity_id":
            wanted = {int(one) for one in values.split(",")}
            found = [one for one in self.products.values() if one["id"] in wanted]
        else:
            found = [*self.products.values()]
        size = int(query.get("searchCriteria[pageSize]", ["300"])[0])
        first = (int(query.get("searchCriteria[currentPage]", ["1"])[0]) - 1) * size
        page = {"items": found[first : first + size], "total_count": len(found)}
        return httpx.Response(200, json=page)


class Loading(Harness):
    """A harness over these two systems. `counted`: operations of tables."""

    def __init__(self, masters: int, slow: int) -> None:
        self.wire, self.counted = EmptyShop(masters, slow), Counter[str]()
        super().__init__(SETTINGS)

    @override
    def _opened(self, tables: Any) -> Services:
        parts = self.systems.edition_parts(tables=CountedTables(tables, self.counted))

        def client(_: object) -> httpx.AsyncClient:
            return httpx.AsyncClient(transport=httpx.MockTransport(self.wire.answer))

        parts = replace(parts, commerce_http=client, dynamics_http=client)
        return Services(self.systems.connections, FLOWS, parts)

    async def maps(self) -> None:
        """Every variant has a SKU."""
        systems = await self.services.systems_pool.open(CONNECTION)
        await systems.items.put_many(
            ItemMapping(
                f"CAP-{master:05}-{variant}", f"CAP-{master:05}", color=COLORS[variant % 3],
                size=SIZES[variant // 3],
            )
            for master in range(self.wire.masters) for variant in range(EACH)
        )  # fmt: skip

    async def is_killed_after(self, seconds: float) -> None:
        """A process works until it is killed, and a new one starts. Its locks are let go of."""
        process = self._doomed()
        self.services = self._opened(self.systems.tables)
        asyncio.get_running_loop().call_later(seconds, process.end_now, context=Context())
        await self._lives(process)
        await self.systems.queue.release_locks()
        self.services = self._opened(self.systems.tables)

    async def starts(self) -> None:
        """A run is due."""
        await self.services.intake.accept("products", CONNECTION, [EVERYTHING], "poll")


@dataclass(frozen=True)
class Loaded:
    """`hours`: by the clock of the shop; `seconds`: our own; `off`: how far each time that was
    left, as runs told it, was off, as a share of it, the least first."""

    products: int
    kills: int
    hours: float
    seconds: float
    requests: Counter[str]
    tables: Counter[str]
    off: list[float]

    def facts(self) -> dict[str, Any]:
        """As JSON. `again`: products and images that were made twice; `estimate_off`: at the
        median, None where none was told."""
        made = self.requests["POST product"]
        images = self.requests["POST media"]
        return {
            "products": self.products, "kills": self.kills, "hours": round(self.hours, 2),
            "own_seconds": round(self.seconds, 1), "created": made, "images": images,
            "again": made - self.products + images - self.products // (EACH + 1),
            "requests": sum(self.requests.values()),
            "requests_each": round(sum(self.requests.values()) / self.products, 2),
            "table_operations": sum(self.tables.values()), "estimates": len(self.off),
            "estimate_off": round(self.off[len(self.off) // 2], 2) if self.off else None,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }  # fmt: skip

    def line(self) -> str:
        """As it is printed."""
        named = (f"{name.replace('_', ' ')} {value}" for name, value in self.facts().items())
        return "  " + ", ".join(named)


async def measured_first_load(products: int, kills: int, slow: int = 1) -> Loaded:
    """So many products, killed so often before it is done, into a shop so many times as slow."""
    harness = Loading(products // (EACH + 1), slow)
    try:
        await harness.maps()
        harness.wire.requests.clear()
        harness.counted.clear()
        loop = asyncio.get_running_loop()
        started, began = loop.time(), process_time()
        await harness.starts()
        for _ in range(kills):
            await harness.is_killed_after(slow * products / RATE)
        await harness.works_until_idle()
        ended, own = loop.time(), process_time() - began - harness.wire.seconds
        off = await _off(harness)
        _is_whole(harness)
        return Loaded(
            products, kills, (ended - started) / 3600, own, harness.wire.requests,
            harness.counted, off,
        )  # fmt: skip
    finally:
        await harness.close()


async def _off(harness: Loading) -> list[float]:
    """How far estimates were off; those of the run over variants, which is the long one."""
    told = [entry for entry in await harness.trail(EVERYTHING, "products") if entry.details]
    said = [
        (entry.at, float(entry.details["minutes_left"])) for entry in told
        if int(entry.details.get("minutes_left", 0)) >= WHOLE
    ]  # fmt: skip
    end = max(entry.at for entry in told if "minutes_left" not in entry.details)
    return sorted(
        abs(minutes - (end - at).total_seconds() / 60) / ((end - at).total_seconds() / 60)
        for at, minutes in said
    )


def _is_whole(harness: Loading) -> None:
    shop, masters = harness.wire.products, harness.wire.masters
    assert len(shop) == masters * (EACH + 1), len(shop)
    for number in range(masters):
        master = shop[f"cap-{number:05}"]
        assert len(master["extension_attributes"]["configurable_product_links"]) == EACH
        assert len(master["media_gallery_entries"]) == 1
        assert re.search(r"Cap CAP-\d+$", master["name"])
