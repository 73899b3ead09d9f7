"""A plain OData client from PyPI (`python-odata`), used the way its documentation shows: an entity
class for each set, one `save` for each record; eight orders at once. What it raises ends the order:
it neither looks what became of a request nor tries again.

It blocks, so each order runs in a greenlet, which gives way to the loop while a request is on its
way: time is as virtual as that of the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import httpx
import requests
from greenlet import getcurrent, greenlet
from odata import ODataService
from odata.exceptions import ODataError
from odata.property import DecimalProperty, IntegerProperty, StringProperty

from sandbox.commerce.records import StoredOrder
from tests.benchmarks.read_one_by_one import AT_ONCE, HEADERS, LINES, header_of, line_of
from tests.systems import LEDGER_HOST

URL: Final = f"http://{LEDGER_HOST}/data/"
KINDS: Final = {int: IntegerProperty, float: DecimalProperty, str: StringProperty}


class ODataPackage:
    """Posts orders. `reference`: of an order."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, reference: Callable[[StoredOrder], str]
    ) -> None:
        self._http = httpx.AsyncClient(transport=transport, timeout=60)
        headers = {"Authorization": "Bearer sandbox"}
        session = _Session(self._http)
        self._service = ODataService(URL, session=session, extra_headers=headers)
        self._reference = reference
        self._places = asyncio.Semaphore(AT_ONCE)

    async def posts(self, orders: Sequence[StoredOrder]) -> list[float]:
        """All of them; the seconds of those that arrived, from the beginning."""
        async with self._http:
            found = await asyncio.gather(*(self._posts(order) for order in orders))
        return [seconds for seconds in found if seconds is not None]

    async def _posts(self, order: StoredOrder) -> float | None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with self._places:
            is_posted = await _unblocked(lambda: self._is_posted(order))
        return loop.time() - began if is_posted else None

    def _is_posted(self, order: StoredOrder) -> bool:
        try:
            header = self._saved(
                HEADERS, {"SalesOrderNumber": ""} | header_of(self._reference(order))
            )
            for item in order.items:
                self._saved(LINES, line_of(header.SalesOrderNumber, item))
        except ODataError:
            return False
        return True

    def _saved(self, entity_set: str, fields: dict[str, Any]) -> Any:
        properties = {name: KINDS[type(value)](name) for name, value in fields.items()}
        named = {
            "__odata_type__": f"Microsoft.Dynamics.{entity_set}",
            "__odata_collection__": entity_set,
        }
        entity = type(entity_set, (self._service.Entity,), named | properties)()
        for name, value in fields.items():
            if value != "":
                setattr(entity, name, value)
        self._service.save(entity)
        return entity


class _Session:
    """What the package asks of a session of `requests`, over the client of this world."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    def post(self, url: str, data: str, headers: dict[str, str], **_: Any) -> requests.Response:
        """Raises `requests.ConnectionError`."""
        work = self._http.post(url, content=data, headers=headers)
        try:
            answer: httpx.Response = getcurrent().parent.switch(work)
        except httpx.TransportError as error:
            raise requests.ConnectionError(str(error)) from None
        found = requests.Response()
        found.status_code, found._content = answer.status_code, answer.content
        found.headers.update(answer.headers)
        return found


async def _unblocked(work: Callable[[], bool]) -> bool:
    """Run what blocks; whatever it waits for is awaited here."""
    running = greenlet(work)
    waits_for: Any = running.switch()
    while not running.dead:
        waits_for = await _handed_back(running, waits_for)
    return bool(waits_for)


async def _handed_back(running: greenlet, work: Awaitable[Any]) -> Any:
    try:
        found = await work
    except httpx.TransportError as error:
        return running.throw(error)
    return running.switch(found)
