"""The process's log, as it was: what a test sets up, or masks, is not what the next one finds."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from sync.core.logs import QUIET


@contextmanager
def log_as_before() -> Generator[None]:
    """Handlers with their filters, and levels, come back at the end of the block."""
    root = logging.getLogger()
    handlers, level = {handler: list(handler.filters) for handler in root.handlers}, root.level
    libraries = {name: logging.getLogger(name).level for name in QUIET}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for handler, filters in handlers.items():
            handler.filters[:] = filters
        root.setLevel(level)
        for name, before in libraries.items():
            logging.getLogger(name).setLevel(before)
