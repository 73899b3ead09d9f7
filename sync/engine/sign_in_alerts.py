"""What an alert must learn, logged where the work ends.

A line belongs to the invocation whose task writes it, and the Functions host drops the lines of
none. Joined reads run in tasks of their own, begun by a timer: on Python 3.12 and older what they
log reaches nobody. (ContextEnabledTask in azure-functions-python-worker's dispatcher.py, read
2026-11.)
"""

import logging

from sync.core.errors import SignInRefused

log = logging.getLogger("sync.engine.sign_in_alerts")


def report_refused_sign_in(flow: str, connection: str, error: Exception) -> None:
    """Log it if that is what has ended a delivery or a poll. To be called by its own task."""
    if isinstance(error, SignInRefused):
        log.error("%s.sign_in_refused connection=%s reason=%s", flow, connection, error.reason)
