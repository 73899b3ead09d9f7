"""A small F&O: keyed sets, company scope, filters, pages, atomic changesets, tokens, throttling.
Rules, no scripts."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.encoding import from_json, to_json
from sync.dynamics.odata_client import ODataClient
from sync.dynamics.transport import http_client
from sync.pacing.limiter import Limiter
from sync.pacing.pace import Pace
from sync.pacing.pauses import Pauses

HOST = "env.operations.dynamics.test"
URL = f"https://{HOST}"
SYSTEM = f"Dynamics at {HOST}"
Records = list[dict[str, Any]]


@dataclass
class SteppingClock:
    """Stands still until it is moved."""

    at: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    drawn: int = 0

    def now(self) -> datetime:
        return self.at

    def elapsed(self) -> float:
        return self.at.timestamp()

    def unique(self) -> str:
        self.drawn += 1
        return f"{self.drawn:032x}"

    def between(self, low: float, high: float) -> float:
        return (low + high) / 2


@dataclass
class Issuer:
    """Gives the same token until it is asked to renew."""

    number: int = 1
    renewals: int = 0

    @property
    def current(self) -> str:
        return f"token-{self.number}"

    async def token(self, *, renew: bool = False) -> str:
        await asyncio.sleep(0)
        if renew:
            self.renewals += 1
            self.number += 1
        return self.current

    async def close(self) -> None:
        """Nothing is open."""


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def fault(message: str, aid: str = "aid-1", status: int = 400) -> httpx.Response:
    inner = {
        "message": message,
        "type": "AxODataWriteException",
        "stacktrace": "   at Secret.Place",
    }
    body = {"error": {"code": "", "message": "An error has occurred.", "innererror": inner}}
    return httpx.Response(status, json=body, headers={"ms-dyn-aid": aid})


@dataclass
class Environment:
    """`keys`: the key fields of each set. `before` and `after` may answer instead of, or replace,
    the rules' answer. `tells_new`: whether a batch answers new records to who prefers it."""

    keys: Mapping[str, tuple[str, ...]]
    records: dict[str, Records] = field(default_factory=dict)
    page_size: int = 10_000
    bearers: set[str] = field(default_factory=lambda: {"Bearer token-1", "Bearer token-2"})
    asked: list[httpx.Request] = field(default_factory=list)
    before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
    after: Callable[[httpx.Request, httpx.Response], httpx.Response] = lambda _, response: response
    page_scheme: str = "http"
    own_host: str = HOST
    tells_new: bool = True

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if (early := self.before(request)) is not None:
            return early
        if request.headers["authorization"] not in self.bearers:
            return httpx.Response(401)
        return self.after(request, self.routed(request))

    def routed(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/data/$batch":
            return self.batch(request)
        try:
            status, document = self.carry_out(
                request.method, request.url.raw_path.decode(), request.content
            )
        except Refused as refused:
            return (
                fault(refused.message, status=refused.status)
                if refused.message
                else httpx.Response(refused.status)
            )
        return httpx.Response(status, content=to_json(document) if document is not None else b"")

    def carry_out(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        path, _, query = target.partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        address = re.fullmatch(r"/data/(\w+)(?:\((.*)\))?", path)
        if address is None or address[1] not in self.keys:
            raise Refused(404, "")
        if options.get("cross-company") != "true":
            raise Refused(400, "No resources were found when selecting for update.")
        if method == "GET" and address[2] is None:
            return 200, self.listed(address[1], options, query)
        if method == "POST":
            return 201, self.created(address[1], from_json(body))
        record = self.keyed(address[1], key_in(address[2]))
        if record is None:
            raise (
                Refused(404, "")
                if method == "GET"
                else Refused(400, "No resources were found when selecting for update.")
            )
        if method == "GET":
            return 200, chosen(record, options)
        if method == "DELETE":
            self.records[address[1]].remove(record)
        else:
            record.update(from_json(body))
        return 204, None

    def keyed(self, entity_set: str, key: dict[str, str]) -> dict[str, Any] | None:
        if set(key) != set(self.keys[entity_set]):
            raise Refused(
                400, f"Only {len(key)} of {len(self.keys[entity_set])} keys provided for lookup"
            )
        rows = self.records.get(entity_set, [])
        return next(
            (row for row in rows if all(folded(row[name]) == folded(key[name]) for name in key)),
            None,
        )

    def created(self, entity_set: str, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("Group") == "Local":
            raise Refused(
                400,
                "Write failed for table row of type 'XEntity'. Infolog: Warning: The value 'Local'"
                " in field 'Customer group' is not found in the related table 'Customer groups'.;"
                " Warning: validateField failed on field 'XEntity.Group'.",
            )
        rows = self.records.setdefault(entity_set, [])
        body = {"Number": f"N{len(rows) + 1}", **body}
        if self.keyed(entity_set, {name: str(body[name]) for name in self.keys[entity_set]}):
            raise Refused(
                400,
                "Cannot create a record in Things (Thing). Number: N1. The record already exists.",
            )
        rows.append(body)
        return {"@odata.context": f"{URL}/data/$metadata#{entity_set}/$entity", **body}

    def listed(self, entity_set: str, options: dict[str, str], query: str) -> dict[str, Any]:
        rows = [
            row
            for row in self.records.get(entity_set, [])
            if meets(row, options.get("$filter", ""))
        ]
        rows = rows[: int(options["$top"])] if "$top" in options else rows
        start = int(options.get("$skiptoken", "0"))
        page: dict[str, Any] = {
            "value": [chosen(row, options) for row in rows[start : start + self.page_size]]
        }
        if start + self.page_size < len(rows):
            kept = "&".join(part for part in query.split("&") if not part.startswith("$skiptoken"))
            page["@odata.nextLink"] = (
                f"{self.page_scheme}://{self.own_host}/data/{entity_set}?{kept}&"
                f"$skiptoken={start + self.page_size}"
            )
        return page

    def batch(self, request: httpx.Request) -> httpx.Response:
        pieces = [
            list(self.changeset(changeset))
            for changeset in parts_of(request.headers["content-type"], request.content)
        ]
        lines: list[str] = []
        for piece in pieces:
            lines += [
                (
                    "--batchresponse_1\r\nContent-Type: multipart/mixed;"
                    " boundary=changesetresponse_1\r\n"
                ),
                *piece,
            ]
            lines += ["--changesetresponse_1--"]
        body = "\r\n".join([*lines, "--batchresponse_1--", ""]).encode()
        headers = {
            "content-type": "multipart/mixed; boundary=batchresponse_1",
            "ms-dyn-aid": "aid-batch",
        }
        return httpx.Response(200, content=body, headers=headers)

    def changeset(self, part: tuple[dict[str, str], bytes]) -> Iterator[str]:
        before = {name: [dict(row) for row in rows] for name, rows in self.records.items()}
        answers: list[str] = []
        for headers, content in parts_of(part[0]["content-type"], part[1]):
            head, _, body = content.partition(b"\r\n\r\n")
            method, url, _ = head.split(b"\r\n")[0].decode().split(" ")
            try:
                status, document = self.carry_out(method, url.removeprefix(URL), body.strip())
            except Refused as refused:
                self.records = before
                error = fault(refused.message).content.decode()
                yield http_part(500, error, "1")
                return
            if method == "POST" and not (self.tells_new and b"return=representation" in head):
                status, document = 204, None
            text = "" if document is None else to_json(document).decode()
            answers.append(http_part(status, text, headers["content-id"]))
        yield from answers


def http_part(status: int, body: str, content_id: str) -> str:
    head = (
        "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding:"
        f" binary\r\nContent-ID: {content_id}\r\n"
    )
    return (
        f"{head}\r\nHTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
    )


def parts_of(content_type: str, body: bytes) -> list[tuple[dict[str, str], bytes]]:
    """The parts of a multipart document, read by the standard library."""
    document = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = []
    for part in document.get_payload():
        headers = {name.lower(): value for name, value in part.items()}  # type: ignore[union-attr]
        _, _, content = part.as_bytes().partition(b"\n\n")  # type: ignore[union-attr]
        parts.append((headers, content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")))
    return parts


def key_in(text: str) -> dict[str, str]:
    """Reads a key back: cut outside quotes, decode, take the quotes off."""
    pairs = re.findall(r"(\w+)=('(?:[^']|'')*'|[^,]*)", text)
    return {
        name: unquote(value)[1:-1].replace("''", "'") if value[:1] == "'" else value
        for name, value in pairs
    }


def meets(row: dict[str, Any], condition: str) -> bool:
    """`eq` terms joined by `and` and `or` with brackets; text compares without case, `*` is a
    wildcard."""
    if not condition:
        return True
    tokens = re.findall(r"'(?:[^']|'')*'|[()]|[^\s()]+", condition)

    def term(at: int) -> tuple[bool, int]:
        if tokens[at] == "(":
            value, at = either(at + 1)
            return value, at + 1
        if tokens[at + 1] != "eq":
            raise Refused(400, f"operator {tokens[at + 1]} is not supported here")
        wanted = tokens[at + 2][1:-1].replace("''", "'")
        pattern = ".*".join(re.escape(piece) for piece in folded(wanted).split("*"))
        return re.fullmatch(pattern, folded(row.get(tokens[at], ""))) is not None, at + 3

    def both(at: int) -> tuple[bool, int]:
        value, at = term(at)
        while at < len(tokens) and tokens[at] == "and":
            other, at = term(at + 1)
            value = value and other
        return value, at

    def either(at: int) -> tuple[bool, int]:
        value, at = both(at)
        while at < len(tokens) and tokens[at] == "or":
            other, at = both(at + 1)
            value = value or other
        return value, at

    return either(0)[0]


def folded(value: object) -> str:
    return str(value).rstrip(" ").lower()


def chosen(row: dict[str, Any], options: dict[str, str]) -> dict[str, Any]:
    names = options.get("$select", "")
    return {name: value for name, value in row.items() if not names or name in names.split(",")}


@dataclass
class Harness:
    """A client of an environment, with everything it was given."""

    environment: Environment
    clock: SteppingClock = field(default_factory=SteppingClock)
    issuer: Issuer = field(default_factory=Issuer)
    limiter: Limiter = field(default_factory=lambda: Limiter(4, 8))
    write_timeout: timedelta = timedelta(seconds=60)
    tables: SqliteTables = field(default_factory=lambda: SqliteTables(":memory:"))

    @property
    def pauses(self) -> Pauses:
        """As another worker reads them."""
        return Pauses(self.tables, self.clock)

    def client(
        self,
        url: str = URL,
        transport: httpx.AsyncBaseTransport | None = None,
        documents_per_batch: int = 1,
    ) -> ODataClient:
        return ODataClient(
            url,
            http=http_client(transport=transport or httpx.MockTransport(self.environment.answer)),
            tokens=self.issuer,
            pace=Pace(SYSTEM, self.limiter, self.pauses, self.clock),
            clock=self.clock,
            write_timeout=self.write_timeout,
            documents_per_batch=documents_per_batch,
        )
