"""Why a queue gave a message up, as its trigger says it."""

import azure.functions as func


def why(message: func.ServiceBusMessage) -> tuple[str, str]:
    """Reason and description of a dead letter, empty where there is none.

    Service Bus writes both among the message's application properties, and there alone the
    Functions host hands them on (`ServiceBusTriggerBindingStrategy` of its Service Bus extension,
    read 2026-11). The fields of their own, which the Python library has for them, are filled by the
    local host.
    """
    reported = message.application_properties or {}
    reason = message.dead_letter_reason or reported.get("DeadLetterReason") or ""
    description = (
        message.dead_letter_error_description or reported.get("DeadLetterErrorDescription") or ""
    )
    return str(reason), str(description)
