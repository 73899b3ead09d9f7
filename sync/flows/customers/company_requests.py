"""Companies that wait for approval: who decides, by `companies.requests`.

Those who register may write any name, e-mail address, tax number and reseller id, so a company that
nobody has approved is never taken for an account that is there.
"""

from typing import Final

from sync.commerce.models.company import Company, CompanyStatus
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.skipped import Waiting
from sync.mapping_tables.records import set_command

PENDING: Final = Waiting("pending approval")


def asks(company: Company, settings: Connection) -> Waiting | None:
    """What a pending company waits for; None for others, and where F&O decides. Raises `Never`
    where a person is to see it."""
    requests = settings.companies.requests
    if company.status is not CompanyStatus.PENDING or requests == "ledger":
        return None
    if requests == "wait":
        return PENDING
    raise Never(
        f"{company.label} waits for approval in Commerce",
        remedy=(
            "Approve or reject it in the Commerce Admin (Customers > Companies): its account is"
            " made, or it leaves the list, by itself."
        ),
    )


def new_only(company: Company, account: str, rule: str) -> tuple[str, str]:
    """(account, rule) of what was found for a pending company: nothing, or what an earlier try
    made. Raises `Never` for an account of somebody's."""
    if not account or rule == "created":
        return account, rule
    raise Never(
        f"{company.label} waits for approval, and account {account} fits it by {rule}",
        remedy=(
            "Find out whether they are the same. If so, run: "
            + set_command("company", str(company.id)).replace("ACCOUNT", account)
            + ", then replay; if not, reject it in Commerce, or correct what both share."
        ),
    )
