"""What refusals of Azure's services have in common, Key Vault's and Table Storage's."""

import re
from datetime import timedelta
from typing import Final

from azure.core.exceptions import HttpResponseError

REFUSED_WAIT: Final = timedelta(minutes=5)
"""Without a token nothing works: a person, or Entra, cures that; asking more often helps nobody."""
LONGEST_WAIT: Final = timedelta(minutes=10)
BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses of a service that is busy or in trouble."""
CHECK_IDENTITY: Final = "check the app's identity and its tenant"


def header(error: HttpResponseError, name: str) -> str:
    """A header of the answer; empty where there is none."""
    return str(getattr(error.response, "headers", {}).get(name) or "")


def wished(error: HttpResponseError, otherwise: timedelta | None = None) -> timedelta | None:
    """What Retry-After asks for, in seconds; `otherwise` where it asks for nothing."""
    text = header(error, "Retry-After")
    is_told = re.fullmatch(r"\d{1,6}", text)
    return min(timedelta(seconds=int(text)), LONGEST_WAIT) if is_told else otherwise
