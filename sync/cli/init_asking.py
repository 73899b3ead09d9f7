"""`init --ask`: two addresses and their credentials; the rest is found out, proposed with its
reason, and written. Ends with `check`, which tries the orders of the last days."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

import typer

from sync.adapters.vault import Vault
from sync.checks.finding import Probe
from sync.checks.mapped_codes import Listed
from sync.cli.context import CommandContext
from sync.cli.output import line, progress
from sync.config.connections import CONNECTION_NAME
from sync.config.file.reading import BadConfiguration, connections_from
from sync.config.file.url_rules import is_loopback
from sync.operating.checking import probe_of
from sync.operating.choosing import MORE_FLOWS, Question, questions
from sync.operating.discovery import Choice, Discovered, codes_of, discovered, legal_entities
from sync.operating.drafting import Answers, draft
from sync.operating.problem import Problem

CLOUD_SERVICE: Final = "api.commerce.adobe.com"
"""What the addresses of Adobe Commerce as a Cloud Service end in."""
SHOWN: Final = 30
UNKNOWN: Final = "dat"
"""Stands for the legal entity until it is chosen."""


def ask(context: CommandContext) -> None:
    """Ask, find out, write. Raises `Problem` where a configuration is there already, and what both
    systems raise."""
    path = context.settings().connections
    if path.exists():
        remedy = "Name another file with --config, or move this one away."
        raise Problem(f"{path} is there already", remedy=remedy)
    vault = context.vault()
    name = _name()
    answers = Answers(name, _shop(name, vault), _ledger(name, vault))
    text = asyncio.run(_found(context, answers))
    connections_from(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    line(f"{path}: written. Lines that begin with # and name a choice are yours to decide.")


def _name() -> str:
    while True:
        name = str(typer.prompt("Name of the connection, as in bikes-de", err=True)).strip()
        if re.fullmatch(CONNECTION_NAME, name):
            return name
        line("Use small letters, digits and hyphens, 31 at most.")


def _shop(name: str, vault: Vault) -> dict[str, str]:
    line("Commerce: System > Extensions > Integrations shows the credentials.")
    url = _asked("Address of the shop, as in https://shop.example.com")
    host = urlsplit(url).hostname or ""
    if host.endswith(CLOUD_SERVICE):
        client = {"client_id": _asked("Client id"), "organisation": _asked("Organisation id")}
        secret = _secrets(name, vault, {"client_secret": "Client secret"})
        return {"edition": "saas", "url": url, **client, **secret}
    keys = {
        "consumer_key": "Consumer key", "consumer_secret": "Consumer secret",
        "token": "Access token", "token_secret": "Access token secret",
    }  # fmt: skip
    return {"url": url, **_secrets(name, vault, keys)}


def _ledger(name: str, vault: Vault) -> dict[str, str]:
    line("F&O: its form Microsoft Entra applications has to name the app that signs in.")
    url = _asked("Address of F&O, as in https://contoso.operations.dynamics.com")
    if is_loopback(url):
        bearer = _secrets(name, vault, {"bearer": "Token of this local F&O"})
        return {"url": url, "company": UNKNOWN, "auth": "bearer", **bearer}
    told = {"tenant": _asked("Tenant, as its domain or id"), "client_id": _asked("Client id")}
    secret = _secrets(name, vault, {"client_secret": "Client secret"}, of="d365")
    return {"url": url, "company": UNKNOWN, "auth": "secret", **told, **secret}


def _asked(question: str, default: str | None = None) -> str:
    shows = bool(default)
    return str(typer.prompt(question, default=default, show_default=shows, err=True)).strip()


def _secrets(name: str, vault: Vault, wanted: Mapping[str, str], of: str = "") -> dict[str, str]:
    """Ask for secrets, store them, and say under which names."""
    names = {}
    for key, question in wanted.items():
        names[key] = "-".join(filter(None, (name, of, key.replace("_", "-"))))
        value = str(typer.prompt(question, hide_input=True, err=True)).strip()
        vault.set(names[key], value)
    return names


async def _found(context: CommandContext, answers: Answers) -> str:
    """The text of the file."""
    async with _opened(context, draft(answers), answers.name) as probe:
        entities = await legal_entities(probe.dynamics)
        company = _chosen("Legal entity", entities)
        codes = await codes_of(probe.dynamics, company.code)
        answers = replace(
            answers,
            dynamics={**answers.dynamics, "company": company.code},
            warehouse=_chosen("Warehouse that web orders leave from", codes[Listed.WAREHOUSE]),
            group=_chosen("Customer group of new accounts", codes[Listed.CUSTOMER_GROUP]).code,
        )
    async with _opened(context, draft(answers), answers.name) as probe:
        with progress("Recent orders", 1, as_json=False) as bar:
            found = await discovered(replace(probe, report=bar.say))
            bar.advance()
    line(f"Looked at {found.orders} recent orders of {len(found.stores)} store views.")
    flows = _flows()
    line("Now codes that only you can choose. Enter leaves one open, or as it is in brackets.")
    asked = list(questions(found, flows))
    chosen = {(one.table, one.key): code for one in asked if (code := _code(one))}
    return _with_flows(replace(answers, chosen=chosen), found, flows)


def _with_flows(answers: Answers, found: Discovered, flows: Sequence[str]) -> str:
    """The text, with those flows for which enough was said."""
    for flow in flows:
        more = replace(answers, flows=(*answers.flows, flow))
        try:
            connections_from(draft(more, found))
        except BadConfiguration as bad:
            line(f"{flow} is left out: {bad.faults[0].what}. {bad.faults[0].remedy}")
        else:
            answers = more
    return draft(answers, found)


def _flows() -> list[str]:
    """What is to flow beside orders and customers."""
    while True:
        said = _optional(f"More flows, as in {' '.join(MORE_FLOWS)}").replace(",", " ").split()
        unknown = [one for one in said if one not in MORE_FLOWS]
        if not unknown:
            return list(dict.fromkeys(said))
        line(f"{', '.join(unknown)}: not set up here; docs/connecting.md tells how.")


def _code(question: Question) -> str:
    """The code that a person chooses; empty where they leave it open."""
    known = {one.code.casefold(): one.code for one in question.choices}
    listed = ", ".join(map(str, question.choices[:SHOWN]))
    more = ", …" if len(question.choices) > SHOWN else ""
    if listed:
        line(f"{question.what}: {listed}{more}")
    while True:
        code = _optional(question.what)
        if not code or not known or code.casefold() in known:
            return known.get(code.casefold(), code)
        line(f"There is no {json.dumps(code)}.")


def _optional(question: str) -> str:
    """Empty where nothing is said, also where there is nobody (any more) to say it."""
    try:
        return _asked(question, "")
    except typer.Abort:
        return ""


@asynccontextmanager
async def _opened(context: CommandContext, text: str, name: str) -> AsyncIterator[Probe]:
    """The connection that the text describes, as checks see it."""
    from sync.app.embedded import open_embedded  # noqa: PLC0415 - slow, see context.py
    from sync.app.wiring import vault_key  # noqa: PLC0415 - the same

    settings = context.settings()
    services = await open_embedded(
        settings.home, connections_from(text), vault_key=vault_key(settings),
        vault_mark=settings.vault_mark,
    )  # fmt: skip
    try:
        yield await probe_of(services, name)
    finally:
        await services.close()


def _chosen(what: str, choices: Sequence[Choice]) -> Choice:
    """Which one a person means; the only one where there is no other."""
    if len(choices) == 1:
        line(f"{what}: {choices[0]}, the only one.")
        return choices[0]
    known = {one.code.casefold(): one for one in choices}
    listed = ", ".join(map(str, choices[:SHOWN])) + (", …" if len(choices) > SHOWN else "")
    line(f"{what}: {listed or 'F&O lists none that we may read'}")
    while True:
        code = _asked(what)
        if not known or code.casefold() in known:
            return known.get(code.casefold(), Choice(code))
        line(f"There is no {json.dumps(code)}.")
