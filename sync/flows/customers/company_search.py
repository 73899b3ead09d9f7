"""Which company of Commerce an account of F&O is: mapped, or found by the configured rules.

A match that is not clear is raised for a person to decide, so that no account ever gets a second
company.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sync.commerce.models.company import CompanyStatus
from sync.core.errors import Never
from sync.dynamics.documents.account import Account
from sync.engine.systems import Systems
from sync.mapping_tables.records import set_command

COLUMNS: Final = {
    "number": "reseller_id", "tax_number": "vat_tax_id", "email": "company_email",
    "name": "company_name",
}  # fmt: skip
VALUES: Final = {
    "tax_number": "TaxExemptNumber", "email": "PrimaryContactEmail", "name": "OrganizationName",
}  # fmt: skip

Company = Mapping[str, Any]
REVIEWED: Final = (CompanyStatus.APPROVED, CompanyStatus.BLOCKED)


async def company_of(
    account: Account, systems: Systems, administrator: str = ""
) -> tuple[Company | None, str]:
    """(the company, how it was found); None where there is none. `administrator`: the customer
    whom an earlier try made for it. Raises `Never` where several fit, or one that is another
    account's, or that nobody has approved: its fields are what somebody wrote who registered."""
    mapped = await systems.accounts.companies.of(account.number, account.company)
    if mapped:
        return await _mapped(account, mapped, systems), "mapping"
    for rule in systems.settings.accounts.match:
        value = account.number if rule == "number" else account.fields.get(VALUES[rule], "")
        found = await systems.commerce.companies.having(COLUMNS[rule], value) if value else []
        if len(found) > 1:
            raise _several(account, rule, [str(one["id"]) for one in found])
        if found:
            is_ours = str(found[0].get("super_user_id")) == administrator
            if found[0].get("status") not in REVIEWED and not is_ours:
                raise _unreviewed(account, str(found[0]["id"]), rule)
            await _must_be_free(account, found[0], rule, systems)
            return found[0], rule
    return None, ""


async def _mapped(account: Account, ids: Sequence[str], systems: Systems) -> Company | None:
    if len(ids) > 1:
        raise _several(account, "mapping", ids)
    return await systems.commerce.companies.by_id(int(ids[0]))


async def _must_be_free(account: Account, company: Company, rule: str, systems: Systems) -> None:
    """Raise `Never` for a company that is known to be another account's."""
    known = await systems.accounts.get("company", str(company["id"]), account.company)
    named = str(company.get("reseller_id") or "").strip()
    other = known.account if known else named
    is_other = bool(known) or await _is_an_account(named, account, systems)
    if is_other and other.casefold() != account.number.casefold():
        raise Never(
            f"account {account.number}: company {company['id']} fits by {rule}, but it is account"
            f" {other}'s",
            remedy=(
                "Correct the fields in F&O or Commerce that both share, or map the company to its"
                f" account: {set_command('company', str(company['id']))}; then run:"
                f' replay "{account.number}" --flow accounts'
            ),
        )


async def _is_an_account(number: str, account: Account, systems: Systems) -> bool:
    """Whether a reseller id names an account: it is free text."""
    if not number or number.casefold() == account.number.casefold():
        return False
    return await systems.dynamics.customers.by_account(account.company, number) is not None


def _unreviewed(account: Account, company: str, rule: str) -> Never:
    return Never(
        f"account {account.number}: company {company} of Commerce fits by {rule}, and nobody has"
        " approved it",
        remedy=(
            "Find out whether they are the same. If so, run: "
            + set_command("company", company).replace("ACCOUNT", account.number)
            + f'; if not, correct the company. Then run: replay "{account.number}" --flow accounts'
        ),
    )


def _several(account: Account, rule: str, ids: Sequence[str]) -> Never:
    return Never(
        f"account {account.number}: companies {', '.join(ids)} of Commerce fit by {rule}",
        remedy=(
            "Choose one: "
            + set_command("company", "ID").replace("ACCOUNT", account.number)
            + f', with its id; then run: replay "{account.number}" --flow accounts'
        ),
    )
