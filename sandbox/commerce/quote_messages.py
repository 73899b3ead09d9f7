"""What seller and buyer of a negotiable quote send each other by REST: messages with their files,
moves of the seller, and the prices of today."""

from mimetypes import guess_type
from typing import Final

from sandbox.commerce.faults import RestFault, required
from sandbox.commerce.quotes import SELLERS
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import RestRequest

ALLOWED: Final = frozenset({"doc", "docx", "xls", "xlsx", "pdf", "txt", "jpg", "png", "jpeg"})
MOST_FILES: Final = 10


def _quote_id(call: RestRequest) -> int:
    value = call.body.get("quoteId")
    if not isinstance(value, int):
        raise required("quoteId")
    return value


def submit(call: RestRequest) -> bool:
    """`POST negotiableQuote/submitToCustomer`."""
    files = call.body.get("files") or []
    if len(files) > MOST_FILES:
        raise RestFault(400, "Maximum 10 files can be attached.")
    found = {_allowed(one["name"]): str(one["base64_encoded_data"]) for one in files}
    call.state.submit_quote(_quote_id(call), str(call.body.get("comment") or ""), found)
    return True


def _allowed(name: str) -> str:
    if name.rpartition(".")[2].lower() not in ALLOWED:
        raise RestFault(400, "The file you uploaded is of a type that is not allowed.")
    return name


def recalculate(call: RestRequest) -> bool:
    """`POST negotiableQuote/pricesUpdated`: those that the seller may not edit are left alone."""
    ids = call.body.get("quoteIds")
    if not isinstance(ids, list):
        raise required("quoteIds")
    for one in map(call.state.quote, ids):
        if one.status in SELLERS:
            call.state.recalculate_quote(one)
    return True


def contents(call: RestRequest) -> list[Columns]:
    """`GET negotiableQuote/attachmentContent?attachmentIds[]=1`. All of them or none."""
    named = call.query.get("attachmentIds")
    if not isinstance(named, dict):
        raise required("attachmentIds")
    ids = [int(str(one)) for one in named.values()]
    if any(one not in call.state.quote_files for one in ids):
        raise RestFault(400, "Cannot obtain the requested data. You must fix the errors first.")
    files = [call.state.quote_files[one] for one in ids]
    return [
        {"base64_encoded_data": content, "type": guess_type(name)[0] or "", "name": name}
        for name, content in files
    ]


def decline(call: RestRequest) -> bool:
    """`POST negotiableQuote/decline`."""
    if not call.body.get("reason"):
        raise required("reason")
    call.state.decline_quote(_quote_id(call), str(call.body["reason"]))
    return True


def comments(call: RestRequest) -> list[Columns]:
    """`GET negotiableQuote/{id}/comments`, oldest first."""
    return [dict(one) for one in call.state.quote(call.whole("id")).comments]
