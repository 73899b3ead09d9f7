"""The hooks that Commerce is asked for, by kind of record; a flow names its own. Their bodies hold
the record's key alone. All but the address's fire after the commit, so what is read then is there.
"""

from typing import Final

from sync.engine.flow import Hook


def document_hook(noun: str, saved: str) -> Hook:
    """The hook of a document that is known by its number and its store. `saved`: how its events of
    being saved begin."""
    ids = ("increment_id", "store_id")
    fields = {f"{noun}.{id_}": f"data.{noun}.{id_}" for id_ in ids}
    return Hook(f"{noun}s", f"{saved}_commit_after", fields)


ORDER: Final = document_hook("order", "observer.sales_order_save")
ADDRESS: Final = Hook(
    "orders_address", "observer.sales_order_address_save_after",
    {"address.parent_id": "data.address.parent_id"}, is_extra=True,
)  # fmt: skip
"""An order's address tells of no change of the order, so no poll finds it; but at checkout this
hook fires beside the order's own, for nothing."""
CUSTOMER: Final = Hook(
    "customers", "observer.customer_save_commit_after",
    {"customer.entity_id": "data.customer.entity_id"},
)  # fmt: skip
COMPANY: Final = Hook(
    "companies", "observer.company_save_commit_after",
    {"company.entity_id": "data.data_object.entity_id"},
)  # fmt: skip
