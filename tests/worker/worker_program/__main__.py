"""Hands messages from standard input to the worker's library, and its answers to standard output:
one JSON text per line.

An invocation is begun while others are under way, on the one loop, as the worker does it; every
other message is answered before the next is read. With the answer to whatever came before the first
invocation goes what the process has touched until then. It ends when its input does, once
everything is answered.
"""

import asyncio
import importlib
import json
import logging
import os
import sys
from types import SimpleNamespace
from typing import IO, Any, Final

from .messages import protos, read, written
from .watched import Watched

LONGEST_LINE: Final = 1 << 26
ANSWERS: Final = {
    "worker_init_request": "worker_init_response",
    "functions_metadata_request": "function_metadata_response",
    "function_load_request": "function_load_response",
    "function_environment_reload_request": "function_environment_reload_response",
    "invocation_request": "invocation_response",
}


class Channel:
    """The library between two pipes."""

    def __init__(self, answers: IO[str]) -> None:
        self._library = importlib.import_module("azure_functions_runtime")
        self._answers = answers
        self._watched = Watched()

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Answer until the end of the input."""
        async with asyncio.TaskGroup() as under_way:
            while line := await lines.readline():
                message = read("StreamingMessage", json.loads(line))
                if message.WhichOneof("content") == "invocation_request":
                    self._watched.end()
                    under_way.create_task(self._answer(message))
                else:
                    await self._answer(message)

    async def _answer(self, message: Any) -> None:
        asked = message.WhichOneof("content")
        request = SimpleNamespace(
            request=message, properties={"host": "127.0.0.1", "protos": protos}
        )
        answer = await getattr(self._library, asked)(request)
        said = protos.StreamingMessage(request_id=message.request_id, **{ANSWERS[asked]: answer})
        beside = (
            {"touched": self._watched.noted, "is_async": self._are_async()}
            if self._watched.is_on
            else {}
        )
        self._answers.write(json.dumps({"message": written(said), **beside}) + "\n")
        self._answers.flush()

    def _are_async(self) -> dict[str, bool]:
        """Which functions the library awaits, by name; others it would run in a thread."""
        known = importlib.import_module(
            "azure_functions_runtime.handle_event"
        )._functions._functions
        return {function.name: function.is_async for function in known.values()}


async def main() -> None:
    """Keep standard output for answers: what the app prints goes to standard error, where the log
    is."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(level=logging.INFO)
    lines = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    await Channel(answers).run(lines)


if __name__ == "__main__":
    asyncio.run(main())
