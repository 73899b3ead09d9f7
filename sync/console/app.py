"""The console as one web application: its pages, who may ask for each, and what every answer
carries.

A page that changes something takes POST, an operator, and a form of this console's own pages.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.app.console_sign_ins import Person, Role
from sync.app.services import Services
from sync.app.settings import ConsoleSignIn
from sync.console.access import Access, is_from_elsewhere
from sync.console.links import BASE
from sync.console.pages import (
    accounts,
    activity,
    connections,
    credit,
    credit_decisions,
    deciding,
    drift,
    mappings,
    overview,
    parked,
    quotes,
    reconciliation,
    record,
    replaying,
    reports,
    returns,
    search,
    sign_in,
    static,
)
from sync.console.rendering import text
from sync.console.visit import Handler, Visit, form_of
from sync.core.errors import Later, Never
from sync.operating.problem import Problem

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
UNSTORED: Final = "no-store"


@dataclass(frozen=True)
class Page:
    """Where a page is, what makes it, and the least role that may ask for it. `menu`: its text
    there is `nav.<menu>`; one without is not in the menu."""

    path: str
    handler: Handler
    method: str = "GET"
    role: Role = Role.VIEWER
    menu: str = ""


def _change(path: str, handler: Handler) -> Page:
    """A page that changes something, or shows what names people."""
    return Page(path, handler, "POST", Role.OPERATOR)


PAGES: Final = (
    Page("", overview.show, menu="overview"),
    Page("/search", search.show),
    Page("/search", search.by_form, "POST"),
    Page("/record", record.show),
    _change("/record/documents", record.documents),
    Page("/parked", parked.show, menu="parked"),
    Page("/parked.csv", parked.as_csv),
    Page("/replay", replaying.preview, role=Role.OPERATOR),
    _change("/replay", replaying.replay),
    Page("/decide", deciding.preview, role=Role.OPERATOR),
    _change("/decide", deciding.decide),
    Page("/reconciliation", reconciliation.show, menu="reconciliation"),
    Page("/reconciliation/day", reconciliation.one),
    Page("/reconciliation.csv", reconciliation.as_csv),
    Page("/reconciliation.xlsx", reconciliation.as_xlsx),
    Page("/reports", reports.show, menu="reports"),
    Page("/mappings", mappings.show, menu="mappings"),
    _change("/mappings/put", mappings.put),
    _change("/mappings/remove", mappings.remove),
    Page("/drift", drift.show, menu="drift"),
    _change("/drift/compare", drift.compare),
    _change("/drift/repair", drift.repair),
    Page("/returns", returns.show, menu="returns"),
    Page("/credit", credit.show, menu="credit"),
    Page("/credit/account", credit.one, role=Role.OPERATOR),
    Page("/credit/decisions", credit_decisions.show, menu="decisions"),
    Page("/quotes", quotes.show, menu="quotes"),
    Page("/accounts", accounts.show, menu="accounts"),
    Page("/connections", connections.show, menu="connections"),
    _change("/connections/check", connections.check),
    _change("/connections/pause", connections.pause),
    _change("/connections/resume", connections.resume),
    Page("/activity", activity.show, menu="activity"),
    Page("/activity/one", activity.one),
    Page("/keys", overview.keys, menu="keys"),
)
"""What people who are signed in can ask for, in the order of the menu. A new page is an entry here,
a module in `pages`, a template, and its words in `texts.toml`."""
MENU: Final = tuple((page.path, page.menu) for page in PAGES if page.menu)


def console_app(services: Services) -> ASGIApp:
    """The console over one engine. Answers under `/api/console`."""
    access = Access(services)
    routes = [
        Route(f"{BASE}{page.path}", _guarded(page, services, access), methods=[page.method])
        for page in PAGES
    ]
    routes += [
        Route(f"{BASE}/sign-in", sign_in.shown_by(access), methods=["GET"]),
        Route(f"{BASE}/sign-in", sign_in.signed_in_by(access, services), methods=["POST"]),
        Route(f"{BASE}/sign-out", sign_in.signed_out_by(access), methods=["POST"]),
        Route(f"{BASE}/static/{{name}}", static.file, methods=["GET"]),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return _sealed(app if access.mode is not ConsoleSignIn.OFF else _off)


async def _off(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(text("off"), status_code=404)(scope, receive, send)


def _guarded(
    page: Page, services: Services, access: Access
) -> Callable[[Request], Awaitable[Response]]:
    """The page for those who may ask for it."""

    async def endpoint(request: Request) -> Response:
        person = await access.of(request.headers)
        if not isinstance(person, Person):
            return sign_in.refused(access, person, request)
        visit = Visit(request, services, access, person, MENU)
        try:
            return await _asked(page, visit)
        except Problem as problem:
            return visit.page("problem.html", status=400, what=problem.message, cure=problem.remedy)
        except Never as never:
            return visit.page("problem.html", status=502, what=never.reason, cure=never.remedy)
        except Later as later:
            wait = text("problem.wait")
            return visit.page("problem.html", status=503, what=later.reason, cure=wait)

    return endpoint


async def _asked(page: Page, visit: Visit) -> Response:
    """What the page says. A viewer changes nothing; nobody does so by another site's form."""
    if page.role is Role.OPERATOR and not visit.person.is_operator:
        return visit.page("problem.html", status=403, what=text("not.operator"), cure=text("ask"))
    if page.method == "POST":
        request = visit.request
        form = await form_of(request)
        is_own = visit.access.is_own_form(visit.person, form.get("form_key", ""))
        if not is_own or is_from_elsewhere(request.headers, request.url.netloc):
            cure = text("form.again")
            return visit.page("problem.html", status=403, what=text("form.stale"), cure=cure)
        visit = replace(visit, form=form)
    return await page.handler(visit)


def _sealed(app: ASGIApp) -> ASGIApp:
    """Every answer tells the browser to fetch nothing from elsewhere and, unless it says otherwise,
    to keep nothing."""

    async def sealed(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", UNSTORED)
            await send(message)

        await app(scope, receive, with_headers)

    return sealed
