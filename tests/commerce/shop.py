"""The server side of Commerce's REST rules, written from what was read and measured there,
independently of the client: the OAuth check of both signer generations, searchCriteria with its
silent traps, `fields`, rights, page limits.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from sandbox.commerce.query import parsed_fields, projected

Rows = list[dict[str, Any]]
Scope = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


def refusal(status: int, message: str, parameters: Any = None) -> Reply:
    return Reply(
        status, {"message": message} | ({} if parameters is None else {"parameters": parameters})
    )


SIGNATURE_INVALID = refusal(401, "The signature is invalid. Verify and try again.")

CREDENTIALS = {
    "consumer-key": "x6a3rwvtgnxm4cwlmyhw0ug1vy0xxcs3",
    "consumer-secret": "lfdp4e3ahbc0ngl0rpjz1z3m5x9yx2p1",
    "token": "ngxp8b6gqo9cf3c0ap0x3i6k5p1fyw2c",
    "token-secret": "v2m7k1z8q5c4t9r6b3n0x7d1s8a5f2g4",
}


def enc(text: str) -> str:
    return quote(text, safe="-._~")


def raw_pairs(query: str) -> dict[str, str]:
    """As PHP's rawurldecode: a plus stays a plus; a name without `=` takes no part; the last of two
    names wins."""
    pairs = (part.split("=", 1) for part in query.split("&") if "=" in part)
    return {unquote(name): unquote(value) for name, value in pairs}


def base_string(
    method: str, root: str, path: str, query: str, oauth: dict[str, str], *, laminas: bool
) -> str:
    """What the shop signs. `laminas`: 2.4.7 and older decode reserved characters of the path first.
    Names are sorted decoded, so `[10]` comes before `[2]`."""
    if laminas:
        path = re.sub(
            r"%(3A|40|26|3D|2B|24|2C|2F|3B|25)", lambda found: unquote(found.group()), path
        )
    values = raw_pairs(query) | {
        name: value for name, value in oauth.items() if name != "oauth_signature"
    }
    listed = "&".join(f"{enc(name)}={enc(values[name])}" for name in sorted(values))
    return f"{method}&{enc(root + path)}&{enc(listed)}"


def hmac_sha256(text: str) -> str:
    key = f"{enc(CREDENTIALS['consumer-secret'])}&{enc(CREDENTIALS['token-secret'])}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def oauth_header(value: str) -> dict[str, str]:
    found = re.findall(r'(oauth_[a-z_-]+)="([^"]*)"', value)
    return {name: unquote(text) for name, text in found}


def select(rows: Rows, pairs: dict[str, str]) -> tuple[Rows, int]:
    """searchCriteria with the traps: unknown operator = equals, no direction = descending, page
    size 0 = everything."""
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for name, value in pairs.items():
        found = re.fullmatch(
            r"searchCriteria\[filter_groups\]\[(\w+)\]\[filters\]\[(\w+)\]\[(\w+)\]", name
        )
        if found:
            group, place, part = found.groups()
            groups.setdefault(group, {}).setdefault(place, {})[part] = value
    kept = [
        row
        for row in rows
        if all(any(holds(row, one) for one in group.values()) for group in groups.values())
    ]
    sorts = sorted(
        {
            int(n)
            for name in pairs
            for n in re.findall(r"searchCriteria\[sortOrders\]\[(\d+)\]", name)
        }
    )
    for place in reversed(sorts):
        at = f"searchCriteria[sortOrders][{place}]"
        column, descending = pairs[f"{at}[field]"], pairs.get(f"{at}[direction]") != "ASC"
        kept.sort(key=lambda row: cell(row, column), reverse=descending)
    size, page = (
        int(pairs.get("searchCriteria[pageSize]", 0)),
        int(pairs.get("searchCriteria[currentPage]", 1)),
    )
    return (kept[(page - 1) * size : page * size] if size else kept), len(kept)


def cell(row: dict[str, Any], column: str) -> Any:
    """Customers answer `id` for the column entity_id."""
    return row.get(column, row.get("id") if column == "entity_id" else None)


def holds(row: dict[str, Any], condition: dict[str, str]) -> bool:
    have, value = cell(row, condition["field"]), condition["value"]
    op = condition.get("condition_type", "eq")
    if op in ("null", "notnull"):
        return (have is None) == (op == "null")
    if have is None:
        return False
    wanted = (
        [cast(have, one) for one in value.split(",")]
        if op in ("in", "nin")
        else [cast(have, value)]
    )
    one = wanted[0]
    tests = {
        "neq": have != one,
        "gt": have > one,
        "lt": have < one,
        "gteq": have >= one,
        "lteq": have <= one,
        "in": have in wanted,
        "nin": have not in wanted,
    }
    return bool(tests.get(op, have == one))


def cast(have: Any, text: str) -> Any:
    """MySQL compares a number with the number a text begins with, 0 for none."""
    if not isinstance(have, int):
        return text
    digits = re.match(r"-?\d+", text)
    return int(digits.group()) if digits else 0


def _projected(document: Any, text: str) -> Any:
    fields = parsed_fields(text)
    return [] if fields is None else projected(document, fields)


@dataclass
class Shop:
    """An ASGI app. `lists` are searchable by path, `records` by path; the dials say which kind of
    shop it is."""

    clock: Callable[[], datetime]
    laminas: bool = False
    root: str = "https://shop.example.com"
    prefix: str = "/rest/all/V1"
    bearer: str = ""
    rights: Callable[[str], str] = lambda _: ""
    """The resource that the caller lacks for a path, "" when none."""
    largest_page: int = 10**9
    repeats_last_page: bool = False
    tells_time: bool = True
    lists: dict[str, Rows] = field(default_factory=dict)
    records: dict[str, Any] = field(default_factory=dict)
    replies: list[Reply | None] = field(default_factory=list)
    """Answers instead of the rules, one per request; None: by the rules."""
    received: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)

    async def __call__(
        self, scope: Scope, receive: Callable[[], Any], send: Callable[[Any], Any]
    ) -> None:
        body = (await receive()).get("body", b"")
        reply = self.answer(scope, body)
        raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"set-cookie", b"PHPSESSID=abc; path=/"),
        ]
        headers += [(name.encode(), value.encode()) for name, value in reply.headers]
        if self.tells_time:
            headers.append((b"date", format_datetime(self.clock(), usegmt=True).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": raw})

    def answer(self, scope: Scope, body: bytes) -> Reply:
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        path, query = scope["raw_path"].decode(), scope["query_string"].decode()
        self.received.append((scope["method"], f"{path}?{query}" if query else path, headers, body))
        if self.replies and (scripted := self.replies.pop(0)) is not None:
            return scripted
        refused = self.refused(scope["method"], path, query, headers)
        if refused is not None:
            return refused
        return self.routed(path.removeprefix(f"{self.prefix}/"), raw_pairs(query), body)

    def refused(self, method: str, path: str, query: str, headers: dict[str, str]) -> Reply | None:
        given = headers.get("authorization", "")
        denied = (
            self.denied_token(given)
            if self.bearer
            else self.denied_signature(method, path, query, given)
        )
        if denied is not None:
            return denied
        lacking = self.rights(path.removeprefix(f"{self.prefix}/"))
        if lacking:
            return refusal(
                401, "The consumer isn't authorized to access %resources.", {"resources": lacking}
            )
        return None

    def denied_token(self, given: str) -> Reply | None:
        return (
            None if given == f"Bearer {self.bearer}" else refusal(401, "Oauth token is not valid")
        )

    def denied_signature(self, method: str, path: str, query: str, given: str) -> Reply | None:
        oauth = oauth_header(given)
        if oauth["oauth_signature_method"] != "HMAC-SHA256":
            return refusal(
                400, "Signature method %1 is not supported", [oauth["oauth_signature_method"]]
            )
        if oauth["oauth_consumer_key"] != CREDENTIALS["consumer-key"]:
            return refusal(401, "A consumer having the specified key does not exist")
        if oauth["oauth_token"] != CREDENTIALS["token"]:
            return refusal(401, "Specified token does not exist")
        at = int(oauth["oauth_timestamp"])
        if at <= 0 or at > (self.clock() + timedelta(seconds=600)).timestamp():
            return refusal(401, "An error occurred validating the nonce")
        if oauth["oauth_nonce"] in self.nonces:
            return refusal(
                401, "The nonce is already being used by the consumer with ID %1", ["17"]
            )
        self.nonces.add(oauth["oauth_nonce"])
        expected = hmac_sha256(
            base_string(method, self.root, path, query, oauth, laminas=self.laminas)
        )
        return (
            None if hmac.compare_digest(expected, oauth["oauth_signature"]) else SIGNATURE_INVALID
        )

    def routed(self, path: str, pairs: dict[str, str], body: bytes) -> Reply:
        decoded = "/".join(unquote_plus(segment) for segment in path.split("/"))
        if path in self.lists:
            return self.listed(self.lists[path], pairs)
        if decoded in self.records:
            return Reply(200, self.records[decoded])
        if body:
            return Reply(200, True)
        return refusal(
            404, "The entity that was requested doesn't exist. Verify the entity and try again."
        )

    def listed(self, rows: Rows, pairs: dict[str, str]) -> Reply:
        if not any(name.startswith("searchCriteria") for name in pairs):
            return refusal(
                400,
                '"%fieldName" is required. Enter and try again.',
                {"fieldName": "searchCriteria"},
            )
        if int(pairs["searchCriteria[pageSize]"]) > self.largest_page:
            return refusal(
                400, "Maximum SearchCriteria pageSize is %max", {"max": self.largest_page}
            )
        items, total = select(rows, pairs)
        if not items and self.repeats_last_page and total:
            size = int(pairs["searchCriteria[pageSize]"])
            items, _ = select(rows, pairs | {"searchCriteria[currentPage]": str(-(-total // size))})
        document: dict[str, Any] = {"items": items, "total_count": total}
        return Reply(200, _projected(document, pairs["fields"]) if "fields" in pairs else document)


def order(entity_id: int, updated_at: str = "2026-01-01 10:00:00", **more: Any) -> dict[str, Any]:
    made = {
        "entity_id": entity_id,
        "increment_id": f"{entity_id:09d}",
        "store_id": 1,
        "updated_at": updated_at,
    }
    return made | more


def numbers(rows: Iterable[dict[str, Any]]) -> list[int]:
    return [row["entity_id"] for row in rows]
