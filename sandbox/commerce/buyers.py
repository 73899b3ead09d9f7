"""What a buyer's own token opens, and the roles of a company's users.

`customers/me` is live. The Cloud Service has none: there GraphQL tells who is signed in. Who is not
gets HTTP 200 with an error of the category `graphql-authorization` (magento/magento2 issue 26112,
2.4); ids of the type `ID` are base64. Roles are those of Adobe's documentation ("Manage company
roles"): what a role does not allow is denied, and the administrator may do all without one.
"""

import re
from base64 import b64encode
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.commerce import columns
from sandbox.commerce.customers import member_of
from sandbox.commerce.faults import RestFault, no_such, required
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shape import plain
from sandbox.commerce.state import CommerceState

CUSTOMER: Final = re.compile(r"\s*(?:query\s*)?\{\s*customer\s*\{([\w\s,]+)\}\s*\}\s*")


async def graphql(state: CommerceState, request: Request) -> JSONResponse:
    """`POST graphql`, as far as it tells who is signed in."""
    state.requests["POST graphql"] += 1
    found = CUSTOMER.fullmatch(str((await request.json()).get("query")))
    if found is None or request.headers.get("store", "default") not in {
        store.code for store in state.catalogue.stores
    }:
        return _failed("The query or the store is not known.", "graphql-input")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    number = state.customer_tokens.get(token)
    if scheme != "Bearer" or number is None:
        return _failed("The current customer isn't authorized.", "graphql-authorization")
    row = {**plain(state.customers[number]), "id": b64encode(str(number).encode()).decode()}
    fields = re.split(r"[\s,]+", found[1].strip())
    return JSONResponse({"data": {"customer": {name: row[name] for name in fields}}})


def _failed(message: str, category: str) -> JSONResponse:
    error = {"message": message, "path": ["customer"], "extensions": {"category": category}}
    return JSONResponse({"errors": [error], "data": {"customer": None}})


def me(call: RestRequest) -> Columns:
    """`GET customers/me`."""
    answer: Columns = plain(call.state.customers[call.whole("customer")])
    return answer


def roles(call: RestRequest) -> Columns:
    """`GET company/role/`."""
    rows = [{**role, "role_id": number} for number, role in sorted(call.state.roles.items())]
    criteria = criteria_from(call.query)
    page, total = found(rows, criteria, columns.ROLE, dict.get)
    hidden = ("users", "role_id")
    shown = [{name: row[name] for name in row if name not in hidden} for row in page]
    return listed([{"id": row["role_id"], **one} for row, one in zip(page, shown, strict=True)],
                  criteria, total)  # fmt: skip


def users(call: RestRequest) -> list[Any]:
    """`GET company/role/{id}/users`: the customers with the role."""
    number = call.whole("id")
    if number not in call.state.roles:
        raise no_such("roleId", number)
    return [plain(call.state.customers[one]) for one in call.state.roles[number]["users"]]


def assign(call: RestRequest) -> bool:
    """`PUT company/assignRoles`: whole roles, which name `Magento_Company::index`, of the company
    that the customer is of; they replace what the customer had."""
    for name in ("userId", "roles"):
        if name not in call.body:
            raise required(name)
    state, user = call.state, int(call.body["userId"])
    sent = {int(role["id"]): role for role in call.body["roles"]}
    company = member_of(state.customers[user]).get("company_id")
    for number, role in sent.items():
        if number not in state.roles:
            raise no_such("roleId", number)
        named = {one.get("resource_id") for one in role.get("permissions") or ()}
        if state.roles[number]["company_id"] != company or "Magento_Company::index" not in named:
            raise RestFault(400, "The role cannot be assigned to the user.")
    for number, known in state.roles.items():
        others = [one for one in known["users"] if one != user]
        known["users"] = [*others, user] if number in sent else others
    return True


BUYERS = (
    Endpoint("PUT", "company/assignRoles", "Magento_Company::manage", assign),
    Endpoint("GET", "customers/me", "self", me),
    Endpoint("GET", "company/role/", "Magento_Company::index", roles),
    Endpoint("GET", "company/role", "Magento_Company::index", roles),
    Endpoint("GET", "company/role/{id}/users", "Magento_Company::index", users),
)
