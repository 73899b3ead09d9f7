"""A request as it would be sent, to be shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One write as it would be sent; those of one document may travel in one changeset."""

    method: str
    path: str
    body: Mapping[str, Any] | None
