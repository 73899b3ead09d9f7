"""The client of a Dataverse environment: its records, each by its own name.

`rows_client` says how rows are read and written, and which errors every call may raise.
"""

from sync.config.connections import Dataverse
from sync.dataverse.cases import Cases
from sync.dataverse.currencies import Currencies
from sync.dataverse.customers import Customers
from sync.dataverse.faults import TABLE
from sync.dataverse.rows_client import RowsClient
from sync.dataverse.tasks import Tasks
from sync.dynamics.transport import Transport

__all__ = ["TABLE", "DataverseClient"]


class DataverseClient(RowsClient):
    """One environment, opened once per connection that names it. A record that the product reads or
    writes is an attribute here. The transport is made with `TABLE`."""

    def __init__(self, settings: Dataverse, transport: Transport) -> None:
        super().__init__(settings, transport)
        self.cases = Cases(self)
        self.customers = Customers(self)
        self.tasks = Tasks(self)
        self.currencies = Currencies(self)
