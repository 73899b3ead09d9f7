"""A first load by processes that are killed (SIGKILL) in the midst of a write, before it is stored
or after: each product and image is made once, and all are there in the end."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.app.embedded import open_embedded, vault_of
from sync.config.connections import Connections
from sync.core.encoding import to_json
from sync.hosts.server import listen, serve, url_of
from sync.mapping_tables.records import ItemMapping
from tests.benchmarks.first_load import COLORS, EACH, SIZES, EmptyShop
from tests.benchmarks.first_load import SETTINGS as LOAD
from tests.flows.loading import CONNECTIONS, loads
from tests.systems import CONNECTION, SECRETS, SETTINGS, merged

ROOT = Path(__file__).parents[2]
MASTERS = 3


@dataclass
class Served:
    """Both systems behind a socket. `fatal`: at which of its writes from now on the process dies,
    and whether the shop has stored it then."""

    wire: EmptyShop
    process: asyncio.subprocess.Process | None = None
    fatal: tuple[int, bool] = (0, False)
    writes: int = 0

    async def answer(self, request: Request) -> Response:
        url = f"http://localhost{request.url.path}?{request.url.query}"
        asked = httpx.Request(request.method, url, content=await request.body())
        self.writes += request.method != "GET"
        is_last = request.method != "GET" and self.writes == self.fatal[0]
        if is_last and not self.fatal[1]:
            self._kill()
            return Response(status_code=503)
        answer = self.wire.at_once(asked)
        if is_last:
            self._kill()
        return Response(answer.content, answer.status_code, {"content-type": "application/json"})

    def _kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)

    async def kills(self, home: Path, hours: int, fatal: tuple[int, bool]) -> None:
        """One process, to its end."""
        self.writes, self.fatal = 0, fatal
        command = (sys.executable, "-m", "tests.flows.loading", str(home), str(hours))
        self.process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
        assert await self.process.wait() == -signal.SIGKILL
        self.fatal = 0, False


@asynccontextmanager
async def both(served: Served) -> AsyncIterator[str]:
    stop, ready = asyncio.Event(), asyncio.Event()
    app = Starlette(routes=[Route("/{path:path}", served.answer, methods=["GET", "POST", "PUT"])])
    with listen("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(
            serve(app, listener, stop, ready.set, grace=timedelta(seconds=1))
        )
        await ready.wait()
        yield url_of(listener)
        stop.set()
        await serving


async def prepared(home: Path, url: str) -> None:
    """A home with its secrets, in which every variant has a SKU."""
    vault = vault_of(home)
    for name, value in {**SECRETS, "bearer": "any", "webhook-key": "any"}.items():
        vault.set(name, value)
    at = {"commerce": {"url": url}, "dynamics": {"url": url}}
    settings = {"connections": {CONNECTION: merged(SETTINGS, {**LOAD, **at})}}
    (home / CONNECTIONS).write_bytes(to_json(settings))
    services = await open_embedded(home, Connections.model_validate(settings))
    systems = await services.systems_pool.open(CONNECTION)
    await systems.items.put_many(
        ItemMapping(
            f"CAP-{master:05}-{variant}", f"CAP-{master:05}", color=COLORS[variant % 3],
            size=SIZES[variant // 3],
        )
        for master in range(MASTERS) for variant in range(EACH)
    )  # fmt: skip
    await services.close()


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(1, 0), *(pytest.param(3, seed, marks=pytest.mark.long) for seed in range(1, 6))],
)
async def test_a_load_whose_processes_are_killed_makes_each_product_and_image_once(
    tmp_path: Path, kills: int, seed: int
) -> None:
    chance, served = Random(seed), Served(EmptyShop(MASTERS))
    home = tmp_path / "home"
    async with both(served) as url:
        await prepared(home, url)
        for hours in range(kills):
            fatal = chance.randint(3, MASTERS * EACH // (kills + 1)), chance.random() < 0.5
            await served.kills(home, hours, fatal)
        await loads(home, kills)
    wire = served.wire
    assert len(wire.products) == MASTERS * (EACH + 1)
    assert wire.requests["POST product"] == MASTERS * (EACH + 1)
    assert wire.requests["POST media"] == MASTERS
    assert all(
        len(wire.products[f"cap-{master:05}"]["media_gallery_entries"]) == 1
        for master in range(MASTERS)
    )
