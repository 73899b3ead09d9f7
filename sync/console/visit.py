"""One request to the console: who asks, for what, and how the answer is made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sync.app.console_sign_ins import Person
from sync.app.services import Services
from sync.console.access import Access
from sync.console.links import BASE, link
from sync.console.rendering import rendered
from sync.operating.activity import Act, Activity
from sync.operating.problem import Problem

MOST_FIELDS: Final = 2_000
LONGEST_FIELD: Final = 4_000
PAGE: Final = 50
"""Rows on one page of a list."""


@dataclass
class Visit:
    """`menu`: the pages that every page leads to, and their names. `form`: the fields of a form
    that was sent; each once, the last counts."""

    request: Request
    services: Services
    access: Access
    person: Person
    menu: tuple[tuple[str, str], ...] = ()
    form: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the URL."""
        return {name: value[:LONGEST_FIELD] for name, value in self.request.query_params.items()}

    def asked(self, name: str) -> str:
        """A parameter of the form, else of the URL; without spaces around it."""
        return (self.form.get(name) or self.query.get(name) or "").strip()

    @property
    def activity(self) -> Activity:
        """The log of who asked for what."""
        return Activity(self.services.edition_parts.tables, self.services.edition_parts.clock)

    async def note(self, what: str, **said: Any) -> str:
        """Append to the log that this person did it; returns the row's id."""
        at = self.services.edition_parts.clock.now()
        return await self.activity.note(Act(at, self.person.name, what, **said))

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """The page of a template."""
        shared = {
            "person": self.person, "form_key": self.access.form_key(self.person),
            "path": self.request.url.path.removeprefix(BASE), "query": self.query,
            "now": self.services.edition_parts.clock.now(), "mode": self.access.mode,
            "connections": list(self.services.connections), "menu": self.menu,
        }  # fmt: skip
        return HTMLResponse(rendered(template, **shared, **values), status_code=status)


Handler = Callable[[Visit], Awaitable[Response]]


def see(path: str, **parameters: str) -> Response:
    """Have the browser look at another page of the console, after something was done."""
    return RedirectResponse(link(path, **parameters), status_code=303)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that was sent. Raises `Problem` for what no form of ours sends."""
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise Problem("the form cannot be read", remedy="Load the page again.") from None
    return {name: value[:LONGEST_FIELD] for name, value in pairs}
