"""Running the command line: in this process for its arguments and words, as a process for its exit
and its signals."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from sandbox.commerce.oauth import Consumer
from sync.adapters.key_files import read_key_file
from sync.adapters.vault import Vault
from sync.app.embedded import open_embedded
from sync.cli.main import app
from sync.config.file.reading import read_connections
from sync.engine.queues import DELIVERIES

ROOT = Path(__file__).parents[2]
ORDERS = ROOT / "tests" / "payloads" / "orders"
MIXED = ORDERS / "order_mixed_products.json"
ON_HOLD = ORDERS / "order_on_hold.json"
CONNECTION = "shop"
COMMANDS: Any = typer.main.get_command(app)
"""The whole command line, put together once."""
SECRETS = ("consumer_key", "consumer_secret", "token", "token_secret")


@dataclass(frozen=True)
class Ran:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(text) for text in self.out.splitlines()]


@dataclass(frozen=True)
class Line:
    """The command line in a directory of its own."""

    folder: Path

    def __call__(self, *arguments: str | Path, stdin: str | bytes | None = None) -> Ran:
        """Run a command in this process."""
        with CliRunner().isolation(input=stdin) as (said, complained, _):
            status = _status_of([str(argument) for argument in arguments])
            sys.stdout.flush()
            sys.stderr.flush()
            return Ran(status, said.getvalue().decode(), complained.getvalue().decode())

    def process(self, *arguments: str | Path, stdin: bytes = b"") -> Ran:
        """Run a command as a process."""
        command = [sys.executable, "-m", "sync", *map(str, arguments)]
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            input=stdin,
            capture_output=True,
            check=False,
            cwd=self.folder,
            env=environment(),
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def configured(self, systems: "Systems", changes: str = "") -> None:
        """Write the configuration of both systems, and store its secrets."""
        (self.folder / "connections.toml").write_text(systems.configuration() + changes)
        assert self("init").status == 0
        consumer = Consumer.named("sandbox")
        values = {
            "consumer-key": consumer.key, "consumer-secret": consumer.secret,
            "token": consumer.token,
            "token-secret": consumer.token_secret, "bearer": "sandbox",
        }  # fmt: skip
        vault = self.vault()
        for name, value in values.items():
            vault.set(name, value)

    def vault(self) -> Vault:
        """The directory's vault."""
        home = self.folder / ".sync"
        return Vault(home / "vault.json", read_key_file(home / "vault.key"))

    def deliver_everything(self) -> int:
        """Do what a serving process does with the queues, until nothing is due; how many messages
        that took."""
        return asyncio.run(self._deliver_everything())

    async def _deliver_everything(self) -> int:
        connections = read_connections(self.folder / "connections.toml")
        services = await open_embedded(self.folder / ".sync", connections, serves=True)
        queue, done = services.edition_parts.queue, 0
        try:
            for name in DELIVERIES:
                while (depth := await queue.depth(name)).due + depth.scheduled:
                    messages = await queue.receive(name, most=10, wait=timedelta(seconds=2))
                    if not messages:
                        break
                    for message in messages:
                        await services.take(name, message.body, message.id, message.deliveries)
                        await queue.complete(message)
                        done += 1
        finally:
            await services.close()
        return done


@dataclass(frozen=True)
class Systems:
    """Where both systems are, and the numbers of the orders in the shop."""

    commerce: str
    dynamics: str
    orders: tuple[str, ...]

    def configuration(self) -> str:
        """connections.toml for them."""
        names = "\n".join(f'{name} = "{name.replace("_", "-")}"' for name in SECRETS)
        return f"""
[connections.{CONNECTION}]
[connections.{CONNECTION}.commerce]
url = "{self.commerce}"
{names}
[connections.{CONNECTION}.dynamics]
url = "{self.dynamics}"
company = "usmf"
auth = "bearer"
bearer = "bearer"
[connections.{CONNECTION}.stores.1]
site = "1"
warehouse = "13"
origin = "WEB"
[connections.{CONNECTION}.stores.2]
site = "1"
warehouse = "13"
prices_include_tax = true
[connections.{CONNECTION}.customers]
group = "10"
currency = "USD"
[connections.{CONNECTION}.items]
rule = "sku"
unit = "ea"
[connections.{CONNECTION}.orders.segments]
gift_wrapping = {{ item = "FEE" }}
payment_fee = {{ item = "FEE", field = "extension_attributes.payment_fee" }}
"""


def _status_of(arguments: list[str]) -> int:
    try:
        COMMANDS.main(arguments, prog_name="root")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def environment() -> dict[str, str]:
    """The environment of a process: this one's, where modules are found, and no setting of the
    product."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNC_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def both_systems() -> Iterator[Systems]:
    """Run both systems in a process of their own until the fixture is done."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cli.both_systems"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        reported = json.loads(process.stdout.readline())
        yield Systems(reported["commerce"], reported["dynamics"], tuple(reported["orders"]))
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
