"""The portal of one connection as a web application under `/api/portal/{connection}`.

`GET` alone: nothing is written. A document of another account, and one that is not there, are the
same 404. Answers are for the shop's own pages: CORS by the list of origins, and never cached.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sync.config.connections.portal import Portal
from sync.core.document_links import Link, opened, signed
from sync.core.encoding import to_json
from sync.core.errors import Later, Never
from sync.core.ports import Secrets
from sync.engine.systems import Systems
from sync.portal import answers
from sync.portal.asked import BadQuery, currency_in, day_in, wanted_in
from sync.portal.details import delivery_of
from sync.portal.documents import Document, balances
from sync.portal.identity import Buyer, Identity, NotAllowed
from sync.portal.printed import printed
from sync.portal.rate import Rate, TooMany
from sync.portal.reader import Account, Reader
from sync.portal.shop_tokens import NobodyKnown
from sync.portal.statements import statement

log = logging.getLogger("sync.portal")

JSON: Final = "application/json"
PATHS: Final = (
    "/invoices", "/invoices/{id}", "/invoices/{id}/pdf", "/balance", "/statement", "/orders",
)  # fmt: skip
"""What buyers may ask for."""
STATEMENT_DAYS: Final = timedelta(days=92)
UNKNOWN_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = 120
"""Seconds."""

Handler = Callable[["Visit"], Awaitable[Response]]


class Visit:
    """One buyer's request, with what F&O holds of their accounts."""

    def __init__(self, request: Request, buyer: Buyer, accounts: list[Account]) -> None:
        self.request, self.buyer, self.accounts = request, buyer, accounts

    @property
    def documents(self) -> list[Document]:
        """All of theirs, latest first."""
        found = [one for account in self.accounts for one in account.documents]
        return sorted(found, key=lambda one: (one.day, one.number), reverse=True)


class PortalApp:
    """The pages' data. `key`: of names and signed links."""

    def __init__(
        self, systems: Systems, portal: Portal, http: httpx.AsyncClient, secrets: Secrets,
        key: bytes,
    ) -> None:  # fmt: skip
        self._systems, self._portal = systems, portal
        self._http, self._secrets, self._key = http, secrets, key
        self._identity = Identity(systems, http, secrets)
        self.reader = Reader(systems, portal, key)
        self._rate = Rate(portal.requests_per_minute)

    def application(self) -> ASGIApp:
        """All routes."""
        base = f"/api/portal/{self._systems.name}"
        pages: Sequence[Handler] = (
            self._invoices, self._invoice, self._pdf, self._balance, self._statement, self._orders,
        )  # fmt: skip
        routes = [
            Route(base + path, self._guarded(page), methods=["GET", "OPTIONS"])
            for path, page in zip(PATHS, pages, strict=True)
        ]
        routes.append(Route(f"{base}/link/{{link}}", self._linked, methods=["GET"]))
        app = Starlette(routes=routes)
        app.router.redirect_slashes = False
        return app

    def link(self, company: str, account: str, document: str, until: datetime) -> str:
        """The last part of a signed link to a document, by its name, until it ends."""
        return signed(Link(self._systems.name, company, account, document, until), self._key)

    def _guarded(self, page: Handler) -> Callable[[Request], Awaitable[Response]]:
        """The page for buyers who show who they are."""

        async def endpoint(request: Request) -> Response:
            if request.method == "OPTIONS":
                return self._with_cors(request, Response(status_code=204))
            return self._with_cors(request, await self._answered(page, request))

        return endpoint

    async def _answered(self, page: Handler, request: Request) -> Response:
        try:
            return await self._asked(page, request)
        except NobodyKnown:
            return _said(401, "sign in first", {"WWW-Authenticate": "Bearer"})
        except NotAllowed:
            return _said(403, "your role in the company does not show its documents")
        except BadQuery as bad:
            return _said(400, f"{bad} cannot be read")
        except TooMany as many:
            return _said(429, "too many requests", {"Retry-After": str(many.seconds)})
        except (Later, Never) as away:
            return self._away(away)

    async def _asked(self, page: Handler, request: Request) -> Response:
        buyer = await self._identity.of(request.headers)
        self._rate.take(str(buyer.customer), self._systems.clock.now())
        accounts = await self.reader.accounts(buyer.accounts)
        return await page(Visit(request, buyer, accounts))

    def _away(self, error: Later | Never) -> Response:
        """A system does not answer, or lets the app read too little: the log says which."""
        log.error("portal.unavailable connection=%s reason=%s", self._systems.name, error)
        after = error.after if isinstance(error, Later) else None
        seconds = round((after or UNKNOWN_WAIT).total_seconds())
        retry = {"Retry-After": str(min(max(1, seconds), LONGEST_WAIT))}
        return _said(503, "the documents cannot be read now; try again in a moment", retry)

    def _with_cors(self, request: Request, response: Response) -> Response:
        origin = request.headers.get("origin", "").casefold()
        response.headers["Vary"] = "Origin, Authorization"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if origin in self._portal.origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Store"
            response.headers["Access-Control-Allow-Methods"] = "GET"
            response.headers["Access-Control-Max-Age"] = "600"
        return response

    async def _invoices(self, visit: Visit) -> Response:
        wanted, today = wanted_in(visit.request.query_params), self.reader.today
        found = [one for one in visit.documents if wanted.fits(one, today)]
        shown = answers.page_of(found, wanted.page, wanted.size)
        items = [answers.document_json(one, self.reader.id_of(one), today) for one in shown]
        return _json({
            "items": items, "page": wanted.page, "page_size": wanted.size, "total": len(found),
            "as_of": _as_of(visit.accounts),
        })  # fmt: skip

    async def _invoice(self, visit: Visit) -> Response:
        document = self._found(visit)
        if document is None:
            return _absent()
        lines = await self.reader.lines(document)
        settled = await self.reader.settlements(document, visit.accounts)
        head = answers.document_json(document, self.reader.id_of(document), self.reader.today)
        delivery = await delivery_of(self._systems, self._portal, document, lines)
        return _json({**head, **answers.details_json(document, lines, settled, delivery)})

    async def _pdf(self, visit: Visit) -> Response:
        document = self._found(visit)
        return _absent() if document is None else await self._printed(document)

    async def _balance(self, visit: Visit) -> Response:
        entries = [one for account in visit.accounts for one in account.owed]
        found = [answers.balance_json(one) for one in balances(entries, self.reader.today)]
        return _json({"balances": found, "as_of": _as_of(visit.accounts)})

    async def _statement(self, visit: Visit) -> Response:
        query, today = visit.request.query_params, self.reader.today
        until = max(day_in(query, "to") or today, self.reader.since)
        since = max(day_in(query, "from") or until - STATEMENT_DAYS, self.reader.since)
        entries = await self.reader.movements(visit.accounts, since)
        asked = currency_in(query)
        currencies = [asked] if asked else sorted({one.currency for one in entries})
        found = [statement(entries, one, since, until) for one in currencies]
        return _json({
            "statements": [answers.statement_json(one, since, until) for one in found],
            "as_of": _as_of(visit.accounts),
        })  # fmt: skip

    async def _orders(self, visit: Visit) -> Response:
        if not self._portal.phone_orders:
            return _absent()
        wanted = wanted_in(visit.request.query_params)
        found = await self.reader.other_orders(visit.accounts)
        rows = [row for row in found if wanted.covers(*answers.place_of(row))]
        shown = answers.page_of(rows, wanted.page, wanted.size)
        return _json({
            "items": [answers.order_json(row) for row in shown], "page": wanted.page,
            "page_size": wanted.size, "total": len(rows),
        })  # fmt: skip

    async def _linked(self, request: Request) -> Response:
        """One document by a signed link. A guess gets the same 404."""
        return await self._answered_link(request.path_params["link"])

    async def _answered_link(self, text: str) -> Response:
        now = self._systems.clock.now()
        link = opened(text, self._key, now)
        if link is None or link.connection != self._systems.name:
            return _absent()
        try:
            self._rate.take(f"{link.account}|{link.document}", now)
            accounts = await self.reader.accounts([(link.company, link.account)])
            document = self.reader.find(accounts, link.document)
            return _absent() if document is None else await self._printed(document)
        except TooMany as many:
            return _said(429, "too many requests", {"Retry-After": str(many.seconds)})
        except (Later, Never) as away:
            return self._away(away)

    def _found(self, visit: Visit) -> Document | None:
        document = self.reader.find(visit.accounts, visit.request.path_params["id"])
        if document is not None:
            shown = (self._systems.name, visit.buyer.customer, self.reader.id_of(document))
            log.info("portal.viewed connection=%s customer=%s document=%s", *shown)
        return document

    async def _printed(self, document: Document) -> Response:
        return await printed(document, self._portal, self.reader, self._http, self._secrets)


def _json(document: dict[str, Any]) -> Response:
    return Response(to_json(document), media_type=JSON)


def _said(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    return Response(to_json({"error": error}), status, headers, JSON)


def _absent() -> Response:
    return _said(404, "there is no such document")


def _as_of(accounts: list[Account]) -> str | None:
    return min(one.read_at for one in accounts).isoformat() if accounts else None
