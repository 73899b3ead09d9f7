"""`webhooks`: what is to be registered in Commerce so that it announces changes at once."""

import json
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import typer

from sync.cli.command import context_of
from sync.cli.output import json_line, line, note
from sync.config.connections import Commerce
from sync.flows import FLOWS
from sync.intake_http.gate_hooks import gate_registrations
from sync.intake_http.registered_hooks import Registration, registrations, webhooks_xml
from sync.operating.problem import Problem

NO_KEYS = (
    "{} has no commerce.webhook.keys yet: until it has, every hook is answered 401, and polls do"
    " the work."
)

Url = Annotated[
    str,
    typer.Option(
        "--url", metavar="URL", help="Where Commerce reaches the app: https://sync.example.com"
    ),
]
Addresses = Annotated[
    bool,
    typer.Option(
        "--addresses", help="Also announce changed addresses of orders; it fires at every checkout."
    ),
]


def webhooks(ctx: typer.Context, url: Url, addresses: Addresses = False) -> None:
    """Print the webhooks of a connection: webhooks.xml for Commerce on premises and Cloud, REST
    bodies for the Cloud Service.

    Each is optional and ends after two seconds, so none can break a checkout; where credit.gate is
    on, those with which a checkout asks are among them. Nothing is registered by this command. With
    --json, REST bodies for either; on premises and Cloud they need Adobe's webhooks package 1.13 or
    later.

    For example:

    python -m sync webhooks --url https://sync.example.com > webhooks.xml

    python -m sync webhooks --url https://sync.example.com --connection parts-us
    """
    context = context_of(ctx)
    name, settings = context.one(context.connections())
    flowing = [flow for flow in FLOWS if flow.name in settings.flows]
    address = address_of(url)
    found = registrations(name, flowing, address, extra=addresses)
    found += gate_registrations(name, settings, address)
    if not found:
        remedy = f"Its flows are polled: {', '.join(settings.flows)}."
        raise Problem(f"no flow of {name} takes webhooks", remedy=remedy)
    if not settings.commerce.webhook.keys:
        note(NO_KEYS.format(name))
    if context.as_json or settings.commerce.edition == "saas":
        _print_requests(found, settings.commerce, as_json=context.as_json)
    else:
        typer.echo(webhooks_xml(found), nl=False)


def _print_requests(found: list[Registration], commerce: Commerce, *, as_json: bool) -> None:
    path = "V1" if commerce.edition == "saas" else f"rest/{commerce.scope}/V1"
    url = f"{commerce.url}/{path}/webhooks/subscribe"
    for each in found:
        if as_json:
            json_line({"method": "POST", "url": url, "body": each.rest()})
        else:
            line(f"POST {url}")
            line(json.dumps(each.rest(), indent=2))


def address_of(url: str) -> str:
    """Scheme and host, and port where there is one. Raises `Problem`: what is sent there must not
    be read on its way."""
    parts = urlsplit(url.strip())
    is_plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and _is_loopback(parts.hostname or "")
    )
    if not (parts.hostname and is_plain and is_safe):
        raise Problem(
            f"{url} is not where Commerce could send webhooks",
            remedy="Give https and the host alone, as in https://sync.example.com",
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
