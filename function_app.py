"""What the Functions host imports; everything is in `sync`."""

from sync.app.wiring import runtime
from sync.hosts.azure import build_app

app = build_app(runtime)
