"""The REST resources of company credit."""

from decimal import Decimal
from typing import Final

from sandbox.commerce.company_credits import DECREASES, INCREASES, Credit
from sandbox.commerce.conditions import Kind
from sandbox.commerce.faults import RestFault, no_such, required, unsupported
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found

RIGHT: Final = "Magento_Company::index"
WRITES: Final = "Magento_Company::manage"
COLUMNS: Final[dict[str, Kind]] = {
    "entity_id": "number", "company_id": "number", "credit_limit": "number", "balance": "number",
    "currency_code": "text", "exceed_limit": "number",
}  # fmt: skip
KNOWN: Final = frozenset(
    {
        "id", "company_id", "credit_limit", "balance", "currency_code", "exceed_limit",
        "available_limit", "credit_comment", "extension_attributes",
    }
)  # fmt: skip


def all_credits(call: RestRequest) -> Columns:
    """`GET companyCredits`."""
    state = call.state
    rows = [state.company_credits.of(number).row() for number in sorted(state.companies)]
    rows = [{**row, "entity_id": row["id"]} for row in rows]
    criteria = criteria_from(call.query)
    page, total = found(rows, criteria, COLUMNS, dict.get)
    shown = [{key: row[key] for key in row if key != "entity_id"} for row in page]
    return listed(shown, criteria, total)


def credit_of_company(call: RestRequest) -> Columns:
    """`GET companyCredits/company/{id}`."""
    company = call.whole("id")
    if company not in call.state.companies:
        raise no_such("company_id", company)
    return call.state.company_credits.of(company).row()


def credit(call: RestRequest) -> Columns:
    """`GET companyCredits/{id}`."""
    return _by_id(call).row()


def save_credit(call: RestRequest) -> Columns:
    """`PUT companyCredits/{id}`. The currency cannot be changed without a rate."""
    sent, there = call.argument("creditLimit"), _by_id(call)
    for key in sent:
        if key not in KNOWN:
            raise unsupported(key)
    for name in ("company_id", "credit_limit", "currency_code"):
        if sent.get(name) is None:
            raise required(name)
    if sent["currency_code"] != there.currency:
        raise RestFault(400, "A currency rate is required to change the credit currency.")
    limit = Decimal(str(sent["credit_limit"]))
    if limit < 0:
        raise RestFault(400, 'Invalid attribute value. Row ID: "credit_limit"')
    exceeds = bool(sent.get("exceed_limit", there.may_exceed))
    call.state.company_credits.set_limit(there, limit, may_exceed=exceeds)
    return there.row()


def move_balance(call: RestRequest, *, up: bool) -> bool:
    """`POST companyCredits/{id}/increaseBalance` or `decreaseBalance`."""
    there, kind = _by_id(call), int(call.body.get("operationType", 0))
    if kind not in (INCREASES if up else DECREASES):
        raise RestFault(400, "Invalid operation type.")
    value = Decimal(str(call.body.get("value", 0)))
    comment = str(call.body.get("comment") or "")
    call.state.company_credits.move(there, value if up else -value, kind, comment)
    return True


def _by_id(call: RestRequest) -> Credit:
    wanted = call.whole("id")
    for company in sorted(call.state.companies):
        if (there := call.state.company_credits.of(company)).id == wanted:
            return there
    raise no_such("id", wanted)


COMPANY_CREDITS: Final = (
    Endpoint("GET", "companyCredits", RIGHT, all_credits),
    Endpoint("GET", "companyCredits/company/{id}", RIGHT, credit_of_company),
    Endpoint("GET", "companyCredits/{id}", RIGHT, credit),
    Endpoint("PUT", "companyCredits/{id}", WRITES, save_credit),
    Endpoint(
        "POST", "companyCredits/{id}/increaseBalance", WRITES,
        lambda call: move_balance(call, up=True),
    ),
    Endpoint(
        "POST", "companyCredits/{id}/decreaseBalance", WRITES,
        lambda call: move_balance(call, up=False),
    ),
)  # fmt: skip
