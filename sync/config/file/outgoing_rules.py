"""What must hold for `accounts`: who goes out, and one owner for each field."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.accounts import Accounts
from sync.config.connections.companies import Companies
from sync.config.connections.systems import Commerce
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.toml_lines import Path


def outgoing_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `accounts` of the connection at `path`."""
    accounts = sound(Accounts, written.get("accounts", {}))
    yield from _unanswered(path, written, accounts)
    if accounts is None or not is_flowing(written, "accounts"):
        return
    here = (*path, "accounts")
    if not (accounts.groups or accounts.flag or accounts.only):
        what = 'the flow "accounts" is on, and no account is chosen'
        remedy = 'Write groups = ["10"], flag = "..." (a Yes/No field) or only = ["US-001"].'
        yield Breach((*here, "groups"), what, remedy)
    if not is_flowing(written, "companies"):
        what = 'the flow "accounts" is on, and "companies" is not'
        remedy = 'Add "companies" to flows: its orders belong to the account of their company.'
        yield Breach(here, what, remedy)
    for owned, table in (
        ("price_group", accounts.price_groups),
        ("sales_representative", accounts.sales_representatives),
    ):
        if owned in accounts.fields and not table:
            what = f'F&O owns the {owned}, and "{owned}s" is missing'
            remedy = f"Write {owned}s = {{ ... }}: code in F&O, id in Commerce."
            yield Breach((*here, f"{owned}s"), what, remedy)
    yield from _two_owners(path, written, accounts)
    commerce = sound(Commerce, written.get("commerce"))
    if accounts.users and commerce and commerce.edition == "saas":
        what = (
            "users is on, and Adobe Commerce as a Cloud Service has no users of companies by REST"
        )
        yield Breach((*here, "users"), what, "Leave users out, and invite them in the storefront.")
    if accounts.addresses == "both" and not is_flowing(written, "customers"):
        what = 'addresses is "both", and the flow "customers" is not on'
        remedy = 'Add "customers" to flows: it hears of changes in Commerce.'
        yield Breach((*here, "addresses"), what, remedy)


def _two_owners(path: Path, written: Mapping[str, Any], accounts: Accounts) -> Iterator[Breach]:
    companies = sound(Companies, written.get("companies", {}))
    if companies is None or not is_flowing(written, "companies"):
        return
    if "status" in accounts.fields and companies.hold != "keep":
        what = "F&O owns the status of companies, and companies.hold lets Commerce set holds"
        remedy = 'Write companies.hold = "keep", or leave "status" out of accounts.fields.'
        yield Breach((*path, "companies", "hold"), what, remedy)


def _unanswered(
    path: Path, written: Mapping[str, Any], accounts: Accounts | None
) -> Iterator[Breach]:
    companies = sound(Companies, written.get("companies", {}))
    if companies is None or companies.requests != "ledger":
        return
    answers = accounts is not None and "status" in accounts.fields
    if not (answers and is_flowing(written, "accounts")):
        what = 'requests is "ledger", and nothing tells Commerce what F&O has decided'
        remedy = 'Add "accounts" to flows, and "status" to accounts.fields.'
        yield Breach((*path, "companies", "requests"), what, remedy)
