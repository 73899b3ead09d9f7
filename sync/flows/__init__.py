"""The flows, in the order operators see them. A new flow is one file here, its name in `FLOWS`, and one test."""

from typing import Any, Final

from sync.flow import Flow
from sync.flows.customers import customers
from sync.flows.orders import orders

FLOWS: Final[tuple[Flow[Any], ...]] = (orders, customers)
