"""A person with a browser that runs no script, before the console of a harness."""

import re
from dataclasses import dataclass, replace
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx

from sync.app.console_sign_ins import Role, SignIns
from sync.app.services import Services
from sync.app.settings import ConsoleSignIn
from sync.console.app import console_app
from sync.console.links import BASE
from sync.flows import FLOWS
from tests.harness import Harness

FORM_KEY = re.compile(r'name="form_key" value="([0-9a-f]{64})"')


def opened(harness: Harness, mode: ConsoleSignIn = ConsoleSignIn.TOKEN) -> Services:
    """The harness's product with its console on."""
    parts = replace(harness.systems.edition_parts(), console=mode)
    return Services(harness.systems.connections, FLOWS, parts)


@dataclass
class Page:
    """What a person sees."""

    answer: httpx.Response

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def html(self) -> str:
        return self.answer.text

    @property
    def text(self) -> str:
        """What can be read, on one line."""
        main = self.html.partition("<main")[2] or self.html
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", "<main" + main)).split())

    @property
    def form_key(self) -> str:
        found = FORM_KEY.search(self.html)
        assert found, self.text
        return found[1]


class Browser:
    """Follows redirects and keeps cookies, as browsers do."""

    def __init__(self, services: Services, **headers: str) -> None:
        self.services = services
        transport = httpx.ASGITransport(app=console_app(services))
        self.client = httpx.AsyncClient(
            transport=transport, base_url="http://console.test", headers=headers,
            follow_redirects=True,
        )  # fmt: skip
        self.page: Page | None = None

    @classmethod
    async def of(cls, harness: Harness, role: Role = Role.OPERATOR, name: str = "ann") -> "Browser":
        """Somebody who has signed in."""
        browser = cls(opened(harness))
        await browser.signs_in(role, name)
        return browser

    async def signs_in(self, role: Role, name: str) -> Page:
        parts = self.services.edition_parts
        token = await SignIns(parts.tables, parts.clock).token(name, role)
        return await self.posts("/sign-in", token=token)

    async def sees(self, path: str = "", **query: Any) -> Page:
        url = f"{BASE}{path}" + (f"?{urlencode(query)}" if query else "")
        self.page = Page(await self.client.get(url))
        return self.page

    async def posts(self, path: str, **form: Any) -> Page:
        """Send a form; with the key of the page that is open, where there is one."""
        key = FORM_KEY.search(self.page.html) if self.page else None
        data = {**({"form_key": key[1]} if key else {}), **form}
        self.page = Page(await self.client.post(f"{BASE}{path}", data=data))
        return self.page
