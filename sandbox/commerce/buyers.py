"""What a buyer's own token opens, and the roles of a company's users.

`customers/me` is live; roles are those of Adobe's documentation ("Manage company roles"): what a
role does not allow is denied, and the administrator may do all without one.
"""

from typing import Any

from sandbox.commerce import columns
from sandbox.commerce.faults import no_such
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shape import plain


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


BUYERS = (
    Endpoint("GET", "customers/me", "self", me),
    Endpoint("GET", "company/role/", "Magento_Company::index", roles),
    Endpoint("GET", "company/role", "Magento_Company::index", roles),
    Endpoint("GET", "company/role/{id}/users", "Magento_Company::index", users),
)
