"""Which of Commerce's webhooks are notifications for which flow, and how they are registered there.

A hook runs inside the shopper's request. So each is optional (a failure of ours is logged in the
shop and stops nothing), ends after `TIMEOUT` at the latest, and carries the record's key alone:
personal data has no business in a notification. Answers are never cached (`ttl` 0): the same key
comes again with every change. Source: Adobe's webhooks reference, read 2026-11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from xml.etree import ElementTree as ET

TIMEOUT: Final = timedelta(seconds=2)
"""Commerce gives up then and goes on; without it a checkout would wait for as long as we are
away."""
SLOW: Final = timedelta(milliseconds=500)
"""Commerce notes hooks that take longer than this in its log."""
SCHEMA: Final = "urn:magento:module:Magento_AdobeCommerceWebhooks:etc/webhooks.xsd"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True)
class Hook:
    """One hook: what it is a notification for, when it fires, and its body: name there -> path in
    what Commerce would send."""

    flow: str
    name: str
    method: str
    fields: Mapping[str, str]
    is_extra: bool = False


def _document(flow: str, kind: str, method: str) -> Hook:
    ids = ("increment_id", "store_id")
    return Hook(
        flow, flow, f"observer.{method}", {f"{kind}.{id_}": f"data.{kind}.{id_}" for id_ in ids}
    )


HOOKS: Final = (
    _document("orders", "order", "sales_order_save_commit_after"),
    Hook(
        "orders", "orders_address", "observer.sales_order_address_save_after",
        {"address.parent_id": "data.address.parent_id"}, is_extra=True,
    ),
    Hook(
        "customers", "customers", "observer.customer_save_commit_after",
        {"customer.entity_id": "data.customer.entity_id"},
    ),
    Hook(
        "companies", "companies", "observer.company_save_commit_after",
        {"company.entity_id": "data.data_object.entity_id"},
    ),
    _document("invoices", "invoice", "sales_order_invoice_save_commit_after"),
    _document("creditmemos", "creditmemo", "sales_order_creditmemo_save_commit_after"),
)  # fmt: skip
"""Fired after the commit, so that what is read then is there. `is_extra`: an order's address tells
of no change of the order, so no poll finds it; but at checkout this hook fires beside the order's
own, for nothing."""


@dataclass(frozen=True)
class Registration:
    """A hook as it is to be registered for one connection; `address` is where the app is reached,
    without a path."""

    hook: Hook
    connection: str
    address: str

    @property
    def url(self) -> str:
        """Where Commerce sends it."""
        return f"{self.address}/api/webhooks/{self.connection}/{self.hook.flow}"

    @property
    def batch(self) -> str:
        """Letters, digits and underscores; a connection's own, so that two of one shop do not
        meet."""
        return f"d365_{self.connection.replace('-', '_')}"

    def rest(self) -> dict[str, Any]:
        """The body of `POST /V1/webhooks/subscribe`."""
        return {
            "webhook": {
                "webhook_method": self.hook.method,
                "webhook_type": "after",
                "batch_name": self.batch,
                "batch_order": 0,
                "hook_name": self.hook.name,
                "url": self.url,
                "method": "POST",
                "priority": 0,
                "required": False,
                "timeout": _milliseconds(TIMEOUT),
                "soft_timeout": _milliseconds(SLOW),
                "ttl": 0,
                "fields": [
                    {"name": name, "source": source} for name, source in self.hook.fields.items()
                ],
            }
        }


def registrations(
    connection: str, flows: Sequence[str], address: str, *, extra: bool = False
) -> list[Registration]:
    """The hooks of a connection's flows; `extra` adds those that cost more than they usually
    give."""
    return [
        Registration(hook, connection, address)
        for hook in HOOKS
        if hook.flow in flows and (extra or not hook.is_extra)
    ]


def webhooks_xml(found: Sequence[Registration]) -> str:
    """The whole `app/etc/webhooks.xml`, or that of a module, for Commerce on premises and Cloud."""
    ET.register_namespace("xsi", XSI)
    config = ET.Element("config", {f"{{{XSI}}}noNamespaceSchemaLocation": SCHEMA})
    for each in found:
        method = ET.SubElement(config, "method", name=each.hook.method, type="after")
        batch = ET.SubElement(ET.SubElement(method, "hooks"), "batch", name=each.batch)
        hook = ET.SubElement(
            batch, "hook", name=each.hook.name, url=each.url, method="POST", required="false",
            timeout=str(_milliseconds(TIMEOUT)), softTimeout=str(_milliseconds(SLOW)),
        )  # fmt: skip
        fields = ET.SubElement(hook, "fields")
        for name, source in each.hook.fields.items():
            ET.SubElement(fields, "field", name=name, source=source)
    ET.indent(config, "    ")
    return f'<?xml version="1.0"?>\n{ET.tostring(config, encoding="unicode")}\n'


def _milliseconds(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)
