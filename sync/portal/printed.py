"""A document as PDF: the original where a document store has it under its number, else a copy."""

import logging
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import httpx
from starlette.responses import Response

from sync.config.connections.portal import Portal
from sync.core.ports import Secrets
from sync.portal.copies import Parties, copy_of
from sync.portal.documents import Document
from sync.portal.reader import Reader

log = logging.getLogger("sync.portal")

LARGEST: Final = 20 * 1024 * 1024
PLAIN: Final = re.compile(r"[^A-Za-z0-9-]")


async def printed(
    document: Document, portal: Portal, reader: Reader, http: httpx.AsyncClient, secrets: Secrets
) -> Response:
    """The answer with it, to be shown or stored under the document's number. Raises as F&O's client
    does."""
    pdf = await original_of(document, portal, http, secrets)
    if pdf is None:
        seller = portal.seller or document.company.upper()
        pdf = copy_of(document, await reader.lines(document), Parties(seller, ""))
    name = PLAIN.sub("_", document.number)
    headers = {
        "Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    return Response(pdf, media_type="application/pdf", headers=headers)


async def original_of(
    document: Document, portal: Portal, http: httpx.AsyncClient, secrets: Secrets
) -> bytes | None:
    """The PDF; None where no store is configured, has it or answers. A copy is rendered then."""
    if not portal.originals_url:
        return None
    url = portal.originals_url.replace("{company}", quote(document.company, safe=""))
    url = url.replace("{invoice}", quote(document.number, safe=""))
    headers = {}
    if portal.originals_key:
        headers["Authorization"] = f"Bearer {await secrets.get(portal.originals_key)}"
    try:
        answer = await http.get(url, headers=headers)
    except httpx.HTTPError as error:
        log.warning("portal.no_original cause=%s", type(error).__name__)
        return None
    is_pdf = answer.status_code == HTTPStatus.OK and answer.content[:5] == b"%PDF-"
    if not is_pdf and answer.status_code != HTTPStatus.NOT_FOUND:
        log.warning("portal.no_original cause=%s", answer.status_code)
    return answer.content if is_pdf and len(answer.content) <= LARGEST else None
