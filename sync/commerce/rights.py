"""Which box to tick when an integration lacks a right.

Commerce names the ACL resource, not the box; the boxes of what this product uses are written here
(2.4.8's `acl.xml`).
"""

from typing import Final

_ORDERS: Final = "Sales > Operations > Orders > Actions"

BOXES: Final = {
    "Magento_Sales::actions_view": f"{_ORDERS} > View",
    "Magento_Sales::api_actions": _ORDERS,
    "Magento_Sales::comment": f"{_ORDERS} > Comment",
    "Magento_Sales::hold": f"{_ORDERS} > Hold",
    "Magento_Sales::unhold": f"{_ORDERS} > Unhold",
    "Magento_Sales::cancel": f"{_ORDERS} > Cancel",
    "Magento_Sales::ship": f"{_ORDERS} > Ship",
    "Magento_Sales::invoice": f"{_ORDERS} > Invoice",
    "Magento_Sales::creditmemo": f"{_ORDERS} > Credit Memos",
    "Magento_Sales::shipment": "Sales > Operations > Shipments",
    "Magento_Sales::sales_invoice": "Sales > Operations > Invoices",
    "Magento_Sales::sales_creditmemo": "Sales > Operations > Credit Memos",
    "Magento_SalesRule::quote": "Marketing > Promotions > Cart Price Rules",
    "Magento_Rma::magento_rma": "Sales > Operations > Returns",
    "Magento_Cart::manage": "Sales > Carts > Manage carts",
    "Magento_NegotiableQuote::manage": "Sales > Operations > Quotes",
    "Magento_Backend::store": "Stores > Settings > All Stores",
    "Magento_Customer::customer": "Customers > All Customers",
    "Magento_Customer::manage": "Customers > All Customers",
    "Magento_Customer::group": "Customers > Customer Groups",
    "Magento_Company::index": "Customers > Companies",
    "Magento_Company::manage": "Customers > Companies > Manage",
    "Magento_Catalog::catalog": "Catalog",
    "Magento_Catalog::products": "Catalog > Inventory > Products",
    "Magento_Catalog::attributes_attributes": "Stores > Attributes > Product",
    "Magento_Catalog::categories": "Catalog > Inventory > Categories",
    "Magento_Catalog::sets": "Stores > Attributes > Attribute Set",
    "Magento_Tax::manage_tax": "Stores > Taxes",
    "Magento_InventoryApi::source": "Stores > Inventory > Sources",
    "Magento_InventoryApi::stock_source_item_assign": (
        "Stores > Inventory > Stocks > Source Item Assigning"
    ),
    "Magento_CatalogInventory::cataloginventory": (
        "Stores > Settings > Configuration > Inventory Section"
    ),
}


def named_in(resources: str) -> tuple[str, ...]:
    """The resources that an answer names."""
    return tuple(name.strip() for name in resources.split(",") if name.strip())


def remedy_for(resources: str) -> str:
    """What to tick, and where. `resources` as the answer names them
    ("Magento_Sales::actions_view"), maybe several."""
    names = named_in(resources)
    boxes = [f"{BOXES[name]} ({name})" if name in BOXES else name for name in names]
    wanted = ", ".join(boxes) or "the resource that this service needs"
    return (
        "In the Commerce Admin open System > Extensions > Integrations > (this integration) > API"
        f" and tick {wanted}; save and reauthorise. If it is ticked already, a proxy may be"
        " removing the Authorization header."
    )
