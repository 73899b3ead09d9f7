"""What the Functions host imports; everything is in `sync`."""

from sync.app.wiring import runtime
from sync.flows import FLOWS
from sync.hosts.azure import build_app

app = build_app(FLOWS, runtime)
