"""How people come in, and out again.

A one-time token is used up by a form that is sent, not by a link that is followed: programs that
look at links use up nothing.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sync.app.console_sign_ins import SESSION_LASTS
from sync.app.services import Services
from sync.app.settings import ConsoleSignIn
from sync.console.access import COOKIE, Access, Stranger, is_from_elsewhere, session_in
from sync.console.links import BASE, link
from sync.console.rendering import rendered, text
from sync.console.visit import form_of
from sync.operating.activity import Act, Activity
from sync.operating.problem import Problem

PLATFORM: Final = f"/.auth/login/aad?post_login_redirect_uri={BASE}"
PLATFORM_OUT: Final = "/.auth/logout"
LONGEST: Final = 200
Endpoint = Callable[[Request], Awaitable[Response]]


def refused(access: Access, stranger: Stranger, request: Request) -> Response:
    """Who is not signed in is shown how; who has no role is told so."""
    if stranger.name:
        return _page(access, status=403, said=text("no.role", name=stranger.name))
    if request.method == "GET":
        return RedirectResponse(link("/sign-in"), status_code=303)
    return _page(access, status=401, said=text("signed.out"))


def shown_by(access: Access) -> Endpoint:
    """The page with the form, or with the platform's link."""

    async def show(request: Request) -> Response:
        return _page(access, token=request.query_params.get("token", "")[:LONGEST])

    return show


def signed_in_by(access: Access, services: Services) -> Endpoint:
    """A token becomes a session. Only where tokens let people in."""

    async def sign_in(request: Request) -> Response:
        if access.mode is not ConsoleSignIn.TOKEN or _is_foreign(request):
            return _page(access, status=403, said=text("form.stale"))
        session = await access.sign_ins.session(await _token(request))
        person = await access.sign_ins.person(session) if session else None
        if session is None or person is None:
            return _page(access, status=403, said=text("token.used"))
        parts = services.edition_parts
        act = Act(parts.clock.now(), person.name, "sign-in", subject=person.role)
        await Activity(parts.tables, parts.clock).note(act)
        return _with_session(request, session)

    return sign_in


def signed_out_by(access: Access) -> Endpoint:
    """The session ends; in Azure the platform's own."""

    async def sign_out(request: Request) -> Response:
        if access.mode is ConsoleSignIn.ENTRA:
            return RedirectResponse(PLATFORM_OUT, status_code=303)
        if session := session_in(request.headers):
            if _is_foreign(request):
                return _page(access, status=403, said=text("form.stale"))
            await access.sign_ins.end(session)
        response = RedirectResponse(link("/sign-in"), status_code=303)
        response.delete_cookie(COOKIE, path=BASE)
        return response

    return sign_out


async def _token(request: Request) -> str:
    try:
        return (await form_of(request)).get("token", "").strip()
    except Problem:
        return ""


def _is_foreign(request: Request) -> bool:
    return is_from_elsewhere(request.headers, request.url.netloc)


def _with_session(request: Request, session: str) -> Response:
    response = RedirectResponse(BASE, status_code=303)
    response.set_cookie(
        COOKIE, session, max_age=int(SESSION_LASTS.total_seconds()), path=BASE, httponly=True,
        secure=request.url.scheme == "https", samesite="strict",
    )  # fmt: skip
    return response


def _page(access: Access, *, status: int = 200, said: str = "", token: str = "") -> Response:
    by_platform = access.mode is ConsoleSignIn.ENTRA
    page = rendered(
        "sign-in.html", said=said, token=token, platform=PLATFORM if by_platform else ""
    )
    return HTMLResponse(page, status_code=status)
