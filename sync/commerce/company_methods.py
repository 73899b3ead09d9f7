"""Which ways to pay a company may use, as its extension attributes say it.

`applicable_payment_method` 2 names them in `available_payment_methods`; with any other, or where
the shop's configuration counts, the company may use all that the shop gives companies (Adobe's
rest/b2b; the numbering is inferred).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

SPECIFIC: Final = 2


def offered(company: Mapping[str, Any], everything: Sequence[str]) -> tuple[str, ...]:
    """The ways to pay that a company may use; `everything`: all that the shop gives companies."""
    extension = company.get("extension_attributes")
    said = extension if isinstance(extension, Mapping) else {}
    is_named = str(said.get("applicable_payment_method")) == str(SPECIFIC)
    if not is_named or str(said.get("use_config_settings")) in ("1", "True"):
        return tuple(everything)
    names = said.get("available_payment_methods")
    listed = names if isinstance(names, list) else str(names or "").split(",")
    return tuple(str(name).strip() for name in listed if str(name).strip())


def having(
    company: Mapping[str, Any], methods: Sequence[str], everything: Sequence[str]
) -> dict[str, Any]:
    """The whole company, as it is to be saved, so that it may use these ways to pay. Where they are
    all there are, the shop's configuration counts again."""
    extension = company.get("extension_attributes")
    kept = dict(extension) if isinstance(extension, Mapping) else {}
    kept |= {
        "use_config_settings": int(set(methods) >= set(everything)),
        "applicable_payment_method": SPECIFIC,
        "available_payment_methods": ",".join(dict.fromkeys(methods)),
    }
    return {**company, "extension_attributes": kept}
