"""Style and script, the same for everybody."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sync.console.rendering import STATIC

KINDS: Final = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
YEAR: Final = "public, max-age=31536000, immutable"


async def file(request: Request) -> Response:
    """One of our own files, by its name alone. Its URL has its version, so it is kept for long."""
    name = str(request.path_params["name"])
    if name not in KINDS:
        return Response(status_code=404)
    headers = {"Content-Type": f"{KINDS[name]}; charset=utf-8", "Cache-Control": YEAR}
    return Response((STATIC / name).read_bytes(), headers=headers)
