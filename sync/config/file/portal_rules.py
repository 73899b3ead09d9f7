"""What must hold for `portal`: a way in, and an address that names the document."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections import Portal
from sync.config.file.breaches import Breach, sound
from sync.config.file.toml_lines import Path


def portal_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `portal` of the connection at `path`."""
    if "portal" not in written or (portal := sound(Portal, written["portal"])) is None:
        return
    here = (*path, "portal")
    if not (portal.customer_tokens or portal.shop_key):
        remedy = 'Write customer_tokens = true, or shop_key = "…", the name of the secret.'
        yield Breach(here, "nobody can show who they are", remedy)
    url = portal.originals_url
    if url and not (url.startswith("https://") and "{invoice}" in url):
        remedy = 'Write originals_url = "https://…/{company}/{invoice}.pdf".'
        what = "this address does not name the document, or is not HTTPS"
        yield Breach((*here, "originals_url"), what, remedy)
