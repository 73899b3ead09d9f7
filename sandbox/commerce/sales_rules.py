"""Cart price rules: only those that orders here name, to be listed."""

from sandbox.commerce.conditions import Kind
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found

RULES: dict[str, Kind] = {"rule_id": "number", "name": "text", "is_active": "number"}
TEN_OFF: Columns = {
    "rule_id": 3, "name": "Ten off", "website_ids": [1], "customer_group_ids": [0, 1],
    "from_date": "2026-01-01", "uses_per_customer": 0, "is_active": True, "sort_order": 0,
    "simple_action": "by_percent", "discount_amount": 10, "coupon_type": "NO_COUPON",
}  # fmt: skip
"""That of the catalogue's orders; a rule without an end has no `to_date`."""


def rules(call: RestRequest) -> Columns:
    """`GET salesRules/search`."""
    criteria = criteria_from(call.query)
    page, total = found([dict(TEN_OFF)], criteria, RULES, dict.get)
    return listed(page, criteria, total)


SALES_RULES = (Endpoint("GET", "salesRules/search", "Magento_SalesRule::quote", rules),)
