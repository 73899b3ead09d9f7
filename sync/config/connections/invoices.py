"""How captured invoices become receivables, and credit memos credit notes: recipes, accounts,
journals, codes."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import Section, Whole, YesNo


class Invoices(Section):
    """What a captured invoice becomes. `payment-journal`: money received, the revenue comes from
    F&O's own invoice of the sales order. `free-text-invoice`: the revenue too, for orders that F&O
    never invoices itself.
    """

    recipe: Literal["payment-journal", "free-text-invoice", "both"] = "payment-journal"
    reference_template: str = "{store_id}-I{increment_id}"
    """Short enough to stand whole in a payment line; the order's number goes beside it."""
    revenue_account: str = ""
    accounts: dict[str, str] = {}
    """Main account per item number or sku, per service item, and for `shipping`,
    `fixed-product-tax`, `rounding`, `adjustment-refund`, `adjustment-fee`; where none is named,
    `revenue_account`. `gift_cards`, `customer_balance` and `reward_points` need one of their own:
    they are no revenue."""
    journal: str = "WEBPAY"
    banks: dict[str, str] = {}
    """Bank account per payment method of Commerce; `*` for all others but those of `on_account`."""
    on_account: tuple[str, ...] = ("companycredit", "purchaseorder")
    """Payment methods of Commerce that move no money: no payment is booked, the receivable stays
    open under its terms."""
    dimension_delimiter: str = Field(default="-", min_length=1, max_length=1)
    """The segment delimiter of F&O's accounts: escaped in account numbers that hold it."""
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)

    def moves_money(self, method: str) -> bool:
        """Whether money comes and goes by this payment method: not on account, unless a bank is
        named for it."""
        return method in self.banks or method not in self.on_account


class CreditMemos(Section):
    """What a credit memo becomes. `return-order`: negative lines, invoiced by F&O as a credit note.
    `free-text-credit`: a negative free text invoice. `refund_payment`: the money paid out, as a
    debit in the journal. Accounts, journal and banks are those of `invoices`.
    """

    recipe: Literal["return-order", "free-text-credit"] = "return-order"
    reference_template: str = "{store_id}-C{increment_id}"
    """Told apart from an invoice's: both have the number 000000001, and both may be free text
    invoices."""
    number_template: str = "{store_id}-C{increment_id}"
    """ReturnOrderNumber where `orders.numbers` is "ours": F&O draws it from the number sequence of
    sales orders."""
    reason: str = ""
    disposition: str = "CreditOnly"
    """`CreditOnly`: no goods are expected back; a return that brings goods back goes its own
    way."""
    refund_payment: YesNo = False
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)


class WriteBack(Section):
    """How D365's numbers go back to Commerce: as a hidden comment of the order, or its
    `ext_order_id`."""

    to: Literal["none", "comment", "ext_order_id"] = "none"
