"""A worker process as its host has it: messages out, answers in, any number under way; `make
worker` installs its code."""

import asyncio
import contextlib
import json
import os
import sys
import sysconfig
from asyncio.subprocess import PIPE, Process
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.package.built import ROOT
from tests.worker.inputs import Input

LIBRARY: Final = ROOT / ".worker"
MISSING: Final = "Microsoft's worker library is not installed (make worker)"
PROGRAM: Final = "worker_program"
LONGEST_LINE: Final = 1 << 26
SUCCESS: Final = 1
TRACE_PARENT: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
"""What the host calls every invocation."""


def is_installed() -> bool:
    return (LIBRARY / "azure_functions_runtime").is_dir()


@dataclass(frozen=True)
class Outcome:
    """What came of an invocation. `said`: kind and text of the exception that failed it."""

    succeeded: bool
    said: str
    returned: Mapping[str, Any] | None

    @property
    def http(self) -> Mapping[str, Any]:
        """The answer of an HTTP function."""
        assert self.succeeded, self.said
        assert self.returned is not None
        answer: Mapping[str, Any] = self.returned["http"]
        return answer

    @property
    def status(self) -> int:
        return int(self.http["status_code"])

    @property
    def content_type(self) -> str:
        """It must be there, and once."""
        (value,) = [
            value for name, value in self.http["headers"].items() if name.lower() == "content-type"
        ]
        return str(value)

    @property
    def body(self) -> bytes:
        return b64decode(self.http["body"].get("bytes", ""))


DONE: Final = Outcome(succeeded=True, said="", returned=None)
"""What comes of a function that returns nothing: its message is completed."""


class Worker:
    """One process. `functions`: what it has indexed, by name, as metadata; `log`: what it has
    written to standard error."""

    def __init__(self, process: Process, log: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin, process.stdout
        self._log = log
        self._numbers = count(1)
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self.functions: dict[str, Mapping[str, Any]] = {}

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    async def ask(self, kind: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The line that answers a message."""
        number = str(next(self._numbers))
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._to.write(json.dumps({"request_id": number, kind: message}).encode() + b"\n")
        await self._to.drain()
        answer: Mapping[str, Any] = await answered
        return answer

    async def receive(self) -> None:
        """Hand out answers until there are no more; what is waited for then, never comes."""
        while line := await self._from.readline():
            answer: Mapping[str, Any] = json.loads(line)
            self._waiting.pop(answer["message"]["request_id"]).set_result(answer)
        for waiting in self._waiting.values():
            waiting.set_exception(AssertionError(f"the worker has ended:\n{self.log}"))

    async def end(self) -> None:
        """Say that nothing more will be asked."""
        with contextlib.suppress(ConnectionError):
            self._to.close()
            await self._to.wait_closed()

    async def init(self, folder: Path) -> Mapping[str, Any]:
        """As a host starts a worker for an app: init, metadata, a load of every function. The line
        that answered init."""
        init = await self.ask(
            "worker_init_request", {"host_version": "4.0", "function_app_directory": str(folder)}
        )
        await self.index(folder)
        return init

    async def index(self, folder: Path) -> None:
        """Ask for the functions, and load each."""
        reported = await self.ask(
            "functions_metadata_request", {"function_app_directory": str(folder)}
        )
        results = reported["message"]["function_metadata_response"].get(
            "function_metadata_results", []
        )
        self.functions = {result["name"]: result for result in results}
        for result in results:
            loaded = await self.ask(
                "function_load_request", {"function_id": result["function_id"], "metadata": result}
            )
            assert loaded["message"]["function_load_response"]["result"]["status"] == SUCCESS

    async def invoke(self, name: str, given: Input) -> Outcome:
        """Call a function, with what triggers it."""
        function = self.functions[name]
        bindings = [json.loads(binding) for binding in function["raw_bindings"]]
        (trigger,) = [binding["name"] for binding in bindings if binding["direction"] == "IN"]
        request = {
            "invocation_id": f"{name}-{next(self._numbers)}",
            "function_id": function["function_id"],
            "input_data": [{"name": trigger, "data": given.data}],
            "trigger_metadata": given.metadata,
            "trace_context": {"trace_parent": TRACE_PARENT},
        }
        answer = (await self.ask("invocation_request", request))["message"]["invocation_response"]
        assert answer["invocation_id"] == request["invocation_id"]
        assert not answer.get("output_data")
        result = answer["result"]
        said = result.get("exception", {}).get("message", "")
        return Outcome(result.get("status") == SUCCESS, said, answer.get("return_value"))


@asynccontextmanager
async def running(
    folder: Path, log: Path, environment: Mapping[str, str], *, package: Path | None = None
) -> AsyncIterator[Worker]:
    """A worker process that has been started in `folder`, with nothing of this process's
    environment but what every program needs.

    `package`: where the app is, if the process is to find it from the start. Ends with the block;
    it must end well.
    """
    places = [package, sysconfig.get_path("purelib"), LIBRARY, Path(__file__).parent]
    path = os.pathsep.join(str(place) for place in places if place is not None)
    system = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    own = {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-m", PROGRAM,
            cwd=folder, env={**system, **own, **environment}, stdin=PIPE, stdout=PIPE,
            stderr=stderr, limit=LONGEST_LINE,
        )  # fmt: skip
    worker = Worker(process, log)
    hearing = asyncio.create_task(worker.receive())
    try:
        yield worker
        await worker.end()
        assert await process.wait() == 0, worker.log
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await hearing
