"""What a process does to the world outside it: sockets, other processes, files that it writes."""

import os
import sys
from typing import Any, Final

WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
TOUCHING: Final = (
    "socket.",
    "subprocess.",
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "sqlite3.connect",
)


class Watched:
    """Notes everything from when it was made until `end`."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.is_on = True
        sys.addaudithook(self._note)

    def end(self) -> None:
        """Note no more; Python keeps the hook."""
        self.is_on = False

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_on and (
            event.startswith(TOUCHING) or (event == "open" and arguments[2] & WRITES)
        ):
            self.noted.append(f"{event} {arguments[0]}")
