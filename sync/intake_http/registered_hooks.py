"""How the webhooks of flows are registered in Commerce.

A hook runs inside the shopper's request. So each is optional (a failure of ours is logged in the
shop and stops nothing), ends after `TIMEOUT` at the latest, and carries the record's key alone:
personal data has no business in a notification. Answers are never cached (`ttl` 0): the same key
comes again with every change. Source: Adobe's webhooks reference, read 2026-11.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from xml.etree import ElementTree as ET

from sync.engine.flow import CommerceHook, DocumentFlow, Hook

TIMEOUT: Final = timedelta(seconds=2)
"""Commerce gives up then and goes on; without it a checkout would wait for as long as we are
away."""
SLOW: Final = timedelta(milliseconds=500)
"""Commerce notes hooks that take longer than this in its log."""
SCHEMA: Final = "urn:magento:module:Magento_AdobeCommerceWebhooks:etc/webhooks.xsd"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True)
class Registration:
    """A flow's hook as it is to be registered for one connection; `address` is where the app is
    reached, without a path."""

    flow: str
    hook: Hook
    connection: str
    address: str

    @property
    def url(self) -> str:
        """Where Commerce sends it."""
        return f"{self.address}/api/webhooks/{self.connection}/{self.flow}"

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
    connection: str, flows: Iterable[DocumentFlow[Any]], address: str, *, extra: bool = False
) -> list[Registration]:
    """The hooks of these flows; `extra` adds those that cost more than they usually give."""
    return [
        Registration(flow.name, hook, connection, address)
        for flow in flows
        if (trigger := flow.trigger(CommerceHook)) is not None
        for hook in trigger.hooks
        if extra or not hook.is_extra
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
