"""Which columns the tables have, and how each is compared. Filtering or sorting by any other is an
SQL error."""

from typing import Final

from sandbox.commerce.conditions import Kind

_TEXT: Final = """
applied_rule_ids base_currency_code coupon_code coupon_rule_name customer_email customer_firstname
customer_lastname
customer_middlename customer_note customer_prefix customer_suffix customer_taxvat
discount_description ext_customer_id
ext_order_id global_currency_code hold_before_state hold_before_status increment_id
order_currency_code
original_increment_id protect_code relation_child_id relation_child_real_id relation_parent_id
relation_parent_real_id
remote_ip shipping_description shipping_method state status store_currency_code store_name
x_forwarded_for
"""
_NUMBERS: Final = """
billing_address_id can_ship_partially can_ship_partially_item customer_gender customer_group_id
customer_id
customer_is_guest customer_note_notify edit_increment email_sent entity_id
forced_shipment_with_invoice
gift_message_id is_virtual payment_auth_expiration payment_authorization_amount quote_address_id
quote_id send_email
shipping_address_id store_id total_item_count weight base_to_global_rate base_to_order_rate
store_to_base_rate
store_to_order_rate base_total_invoiced_cost total_qty_ordered base_total_qty_ordered
"""
_MONEY: Final = """
adjustment_negative adjustment_positive discount_amount discount_canceled discount_invoiced
discount_refunded
grand_total discount_tax_compensation_amount discount_tax_compensation_invoiced
discount_tax_compensation_refunded
shipping_amount shipping_canceled shipping_discount_amount shipping_incl_tax shipping_invoiced
shipping_refunded
shipping_tax_amount shipping_tax_refunded subtotal subtotal_canceled subtotal_incl_tax
subtotal_invoiced
subtotal_refunded tax_amount tax_canceled tax_invoiced tax_refunded total_canceled total_due
total_invoiced
total_offline_refunded total_online_refunded total_paid total_refunded
"""


def _kinds(text: str, dates: str, numbers: str) -> dict[str, Kind]:
    found: dict[str, Kind] = dict.fromkeys(text.split(), "text")
    found |= dict.fromkeys(dates.split(), "date")
    return found | dict.fromkeys(numbers.split(), "number")


_BASE: Final = " ".join(f"base_{name}" for name in _MONEY.split())

ORDER: Final = _kinds(
    _TEXT,
    "created_at updated_at customer_dob",
    f"{_NUMBERS} {_MONEY} {_BASE} shipping_discount_tax_compensation_amount "
    "base_shipping_discount_tax_compensation_amnt",
)
"""`sales_order`."""

ORDER_ITEM: Final = _kinds(
    "sku name product_type applied_rule_ids weee_tax_applied ext_order_item_id",
    "created_at updated_at",
    """item_id order_id parent_item_id quote_item_id product_id store_id is_virtual qty_ordered
        qty_invoiced qty_shipped
    qty_refunded qty_canceled price base_price row_total base_row_total tax_amount
    discount_amount""",
)
"""`sales_order_item`, as far as anybody filters by it."""

DOCUMENT: Final = _kinds(
    "increment_id transaction_id order_currency_code base_currency_code",
    "created_at updated_at",
    """entity_id order_id store_id state invoice_id billing_address_id shipping_address_id
        grand_total base_grand_total
    subtotal tax_amount discount_amount shipping_amount adjustment total_qty""",
)
"""Invoices, credit memos and shipments."""

CUSTOMER: Final = _kinds(
    "email firstname lastname middlename prefix suffix taxvat created_in confirmation",
    "created_at updated_at dob",
    "entity_id id group_id store_id website_id gender default_billing default_shipping",
)
"""Customers."""

COMPANY: Final = _kinds(
    """company_name legal_name company_email vat_tax_id reseller_id comment street city country_id
        region postcode telephone
    reject_reason""",
    "rejected_at",
    "entity_id status region_id customer_group_id sales_representative_id super_user_id",
)
"""B2B companies: no time of change among them."""

PRODUCT: Final = _kinds(
    "sku name type_id url_key",
    "created_at updated_at",
    "entity_id attribute_set_id price status visibility weight tax_class_id",
)
"""Products, as far as anybody filters by them."""

GROUP: Final = _kinds("code tax_class_name", "", "id tax_class_id customer_group_id")
"""Customer groups."""

ROLE: Final = _kinds("role_name", "", "role_id company_id")
"""Roles of companies."""

READ_ONLY: Final = frozenset({"entity_id", "updated_at", "created_at", "increment_id"})
"""Columns that saving an order does not change."""

LENGTHS: Final = {
    "ext_order_id": 32,
    "ext_customer_id": 32,
    "increment_id": 50,
    "status": 32,
    "state": 32,
}
"""Longer texts are cut off without a word: the shop runs the database without strict mode."""
