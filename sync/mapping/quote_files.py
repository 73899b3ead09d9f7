"""Which files of a quote go to F&O, and which of F&O's go to its buyer. Pure.

A shop takes ten files with a message, of types and sizes that its Admin allows (Stores >
Configuration > Sales > Quotes); no REST tells which, so settings name them.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sync.commerce.models.quote import BUYER, Attached, Comment, Quote
from sync.config.connections.quotes import Quotes
from sync.core.errors import Never
from sync.dynamics.documents.account_file import AccountFile, NewFile
from sync.dynamics.documents.quotation import Quotation

MOST: Final = 10
"""Files of one message."""
MEGABYTE: Final = 1024 * 1024


def kind_of(file_name: str) -> str:
    """The ending of a file's name, in small letters."""
    return file_name.rpartition(".")[2].lower()


def attached(comments: Sequence[Comment]) -> Iterator[Attached]:
    """The files that the buyer sent, in their order."""
    for comment in comments:
        if comment.creator_type == BUYER and not comment.is_draft:
            yield from comment.attachments


def new_files(
    quote: Quote, comments: Sequence[Comment], quotation: Quotation, settings: Quotes
) -> dict[int, NewFile]:
    """The buyer's files of an allowed type, by their ids in Commerce, as F&O is to hold them."""
    account = str(quotation.header["RequestingCustomerAccountNumber"])
    return {
        one.attachment_id or 0: NewFile(
            quotation.company, account, f"{quotation.reference} {one.attachment_id}",
            one.file_name, settings.file_type_id, f"Sent by the buyer with {quote.label}",
        )
        for one in attached(comments)
        if kind_of(one.file_name) in settings.file_types
    }  # fmt: skip


def left_out(comments: Sequence[Comment], settings: Quotes) -> list[str]:
    """Names of the buyer's files that stay in the shop: those of other types."""
    names = [one.file_name for one in attached(comments)]
    return [one for one in names if kind_of(one) not in settings.file_types]


def for_buyer(files: Sequence[AccountFile], number: str, reference: str) -> list[AccountFile]:
    """Those of an account's files that its people meant for this buyer: external ones whose name
    is, or begins with, the quotation's number or our reference."""
    return [one for one in files if one.is_external and _is_of(one.name, (number, reference))]


def _is_of(name: str, wanted: Sequence[str]) -> bool:
    first = name.split(maxsplit=1)[0] if name.strip() else ""
    return first.rstrip(":,").casefold() in {one.casefold() for one in wanted if one}


def must_be_allowed(label: str, files: Sequence[AccountFile], settings: Quotes) -> None:
    """Raise `Never` for files that the shop would refuse with the answer."""
    odd = [one.file_name for one in files if kind_of(one.file_name) not in settings.file_types]
    if odd or len(files) > MOST:
        what = f"are not of an allowed type: {', '.join(odd)}" if odd else f"are {len(files)}"
        raise Never(
            f"{label}: files for the buyer {what}; a message takes {MOST} of types"
            f" {', '.join(settings.file_types)}",
            remedy=_REMEDY,
        )


def must_fit(label: str, file_name: str, content: str, settings: Quotes) -> None:
    """Raise `Never` for a file that is gone, or larger than allowed. `content` is in base64."""
    size = len(content) * 3 // 4
    if not content or size > settings.file_megabytes * MEGABYTE:
        what = f"has {size} bytes" if content else "is empty or gone"
        raise Never(
            f"{label}: file {file_name} {what}; allowed are {settings.file_megabytes} MB",
            remedy=_REMEDY,
        )


_REMEDY: Final = (
    "Change the file, or its restriction to Internal, with the customer's attachments in D365, then"
    " replay. Where the shop allows more (Stores > Configuration > Sales > Quotes), name it as"
    " file_types and file_megabytes under quotes in connections.toml."
)
