"""Sales agreements in the demo: quote templates show the agreement that names them once it is in
force, and none that is on hold."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.demo.environment import TEMPLATES, Environment, Pair
from sandbox.demo.reconciliation import Finding
from sandbox.terms import COMPANY

STATUSES: Final = ("Effective", "OnHold")
"""Of the agreements of each shop."""
Quotes = Sequence[Mapping[str, Any]]


async def agree(
    environment: Environment, asked: Mapping[str, Quotes], accounts: Mapping[str, Sequence[str]]
) -> None:
    """Templates are made of the first quotes, and F&O's people enter agreements with the accounts
    of these that name them."""
    for name, pair in environment.pairs.items():
        rows = []
        for place, (status, account) in enumerate(zip(STATUSES, accounts[name], strict=False)):
            path = f"/sandbox/quotes/{asked[name][place]['id']}/template"
            template = (await pair.shop.ask("POST", path))["template"]
            rows.append({
                "dataAreaId": COMPANY, "SalesAgreementId": _number(place),
                "AgreementStatus": status,
                "AgreementCustomerAccountNumber": account,
                "ExternalDocumentReference": f"T{template}",
                "InternetAddress": f"https://agreements.example/{_number(place)}",
            })  # fmt: skip
        await pair.ledger.ask("POST", "/sandbox/rows", {"SalesAgreements": rows})
    await environment.poll(TEMPLATES)


async def not_as_agreed(pair: Pair, asked: Quotes) -> list[Finding]:
    """Templates that do not show the agreement in force alone, once."""
    now = {one["id"]: one["agreements"] for one in await pair.shop.ask("GET", "/sandbox/quotes")}
    found = list[Finding]()
    for place, status in enumerate(STATUSES):
        wanted = [_number(place)] if status == "Effective" else []
        if (shown := now[asked[place]["id"]]) != wanted:
            what = f"its template shows the agreements {shown}, not {wanted}"
            found.append(Finding(pair.name, f"quote {asked[place]['id']}", what))
    return found


def _number(place: int) -> str:
    return f"SA-{place + 1}"
