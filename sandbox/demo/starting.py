"""How everything that the demo needs is started, and ended again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from sandbox.demo.environment import CONNECTIONS, Environment, Pair
from sandbox.demo.home import settings_of, write_home
from sandbox.demo.processes import Child
from sandbox.demo.signing_in import certify
from sandbox.demo.systems import Ledger, Shop
from sandbox.entra import Entra
from sandbox.mail_server import mail_server
from sandbox.terms import Ready
from sync.app.settings import Settings
from sync.app.wiring import open_services
from sync.config.connections import NumberMode

TIMING: Final = {"commit_horizon_seconds": 1}


NO_EMULATORS: Final[Mapping[str, str]] = {}


@asynccontextmanager
async def running_environment(
    home: Path,
    *,
    seed: int,
    connections: Mapping[str, NumberMode] = CONNECTIONS,
    timing: Mapping[str, int] = TIMING,
    emulators: Mapping[str, str] = NO_EMULATORS,
    relayed: Mapping[str, str] = NO_EMULATORS,
    certified: str = "",
) -> AsyncIterator[Environment]:
    """Start it all; everything is ended when the block is left, however it is left. Raises
    `DidNotStart`.

    `emulators`: the settings that name a Service Bus and tables to work on; without them the home
    holds both. `relayed`: the same as the host gets them, where it goes another way. `certified`:
    the connection that signs in to F&O by certificate.
    """
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=30.0, trust_env=False))
        sandboxes = await _sandboxes(stack, home, seed, connections)
        pairs = {name: _pair(name, ready, client) for name, ready in sandboxes.items()}
        mails = stack.enter_context(mail_server())
        entra = await _entra(stack, home, certified, pairs) if certified else None
        authorities = {certified: entra.url} if entra is not None else {}
        write_home(home, sandboxes, timing, mails.port, authorities)
        settings = settings_of(home, emulators)
        engine = await open_services(Settings.from_environment(settings), serves=False)
        stack.push_async_callback(engine.close)
        environment = Environment(
            {**settings, **relayed}, pairs, engine, client, mails, entra=entra
        )
        await environment.map_items()
        stack.push_async_callback(environment.stop_host)
        await environment.start_host()
        await environment.subscribe()
        yield environment


def _pair(name: str, ready: Ready, client: httpx.AsyncClient) -> Pair:
    shop, ledger = Shop(client, ready.commerce), Ledger(client, ready.dynamics)
    return Pair(name, ready.numbers, shop, ledger, ready.credentials["bearer"])


async def _entra(stack: AsyncExitStack, home: Path, name: str, pairs: Mapping[str, Pair]) -> Entra:
    """Where a connection signs in, and its first certificate."""

    async def opens(tokens: list[str]) -> None:
        pair = pairs[name]
        await pair.ledger.ask("PUT", "/sandbox/tokens", [pair.token, *tokens])

    entra = await stack.enter_async_context(Entra.at_work(home, opens))
    certify(home, name, entra)
    return entra


async def _sandboxes(
    stack: AsyncExitStack, home: Path, seed: int, connections: Mapping[str, NumberMode]
) -> dict[str, Ready]:
    """All at once; each is ended with the stack."""

    async def one(place: int, name: str, numbers: NumberMode) -> Ready:
        arguments = ["sandbox", "serve", "--seed", str(seed + place), "--numbers", str(numbers)]
        child = await Child.started(arguments, home / f"{name}.log")
        stack.push_async_callback(child.stop)
        return Ready.read(child.reported)

    async with asyncio.TaskGroup() as group:
        starting = {
            name: group.create_task(one(place, name, mode))
            for place, (name, mode) in enumerate(connections.items())
        }
    return {name: task.result() for name, task in starting.items()}
