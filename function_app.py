"""What the Functions host imports; everything is in `sync`."""

from sync.flows import FLOWS
from sync.hosts.azure import build_app
from sync.wiring import runtime

app = build_app(FLOWS, runtime)
