"""URLs of the console's pages."""

from typing import Any, Final
from urllib.parse import quote, urlencode

BASE: Final = "/api/console"


def link(path: str, **parameters: Any) -> str:
    """The URL of a page; parameters without a value are left out."""
    given = {name: str(value) for name, value in parameters.items() if value not in ("", None)}
    return f"{BASE}{quote(path)}" + (f"?{urlencode(given)}" if given else "")
