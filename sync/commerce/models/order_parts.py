"""The parts of an order: payment, shipping, applied taxes and extension attributes."""

from typing import Annotated

from sync.commerce.models.fields import Amount, Document, Many, One, Some, Text, Whole
from sync.commerce.models.postal_address import Address
from sync.core.money import ZERO


class Payment(Document):
    """How it was or will be paid."""

    method: Text = ""
    po_number: Text = ""
    amount_authorized: Amount = ZERO
    amount_paid: Amount = ZERO
    base_amount_authorized: Amount = ZERO
    base_amount_paid_online: Amount = ZERO
    last_trans_id: Text = ""


class Shipping(Document):
    """Ship-to and method; absent for virtual orders."""

    address: Annotated[Address | None, One] = None
    method: Text = ""


class ShippingAssignment(Document):
    """Commerce has one; the model allows several."""

    shipping: Annotated[Shipping, Some] = Shipping()


class AppliedTax(Document):
    """A tax code with its amount."""

    code: Text = ""
    percent: Amount = ZERO
    amount: Amount = ZERO


class ItemAppliedTax(Document):
    """Tax codes of one item (`type` product), of its fixed product tax (`weee`), or of shipping."""

    type: Text = ""
    item_id: Whole = None
    associated_item_id: Whole = None
    applied_taxes: Annotated[list[AppliedTax], Many] = []


class CompanyOrder(Document):
    """Present on orders of a B2B company's buyer only."""

    company_id: Whole = None


class OrderExtension(Document):
    """The parts of an order's extension attributes that the product reads."""

    shipping_assignments: Annotated[list[ShippingAssignment], Many] = []
    applied_taxes: Annotated[list[AppliedTax], Many] = []
    item_applied_taxes: Annotated[list[ItemAppliedTax], Many] = []
    company_order_attributes: Annotated[CompanyOrder | None, One] = None
    gift_cards_amount: Amount = ZERO
    customer_balance_amount: Amount = ZERO
    reward_currency_amount: Amount = ZERO
    gift_cards_invoiced: Amount = ZERO
    customer_balance_invoiced: Amount = ZERO
    gift_cards_refunded: Amount = ZERO
    customer_balance_refunded: Amount = ZERO
    gw_price: Amount = ZERO
    gw_items_price: Amount = ZERO
    gw_card_price: Amount = ZERO
    gw_tax_amount: Amount = ZERO
    gw_items_tax_amount: Amount = ZERO
    gw_card_tax_amount: Amount = ZERO
