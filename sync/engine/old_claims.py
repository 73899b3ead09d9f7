"""What claims of before targets were structured say of them: read from their one number, and stored
in the new form with the next write.

Such a number is one of: a sales order's, an account's, `FTI 12`, `000034 (RMA 77)`, `journal 00001
line 1`, `taken off W1`, or several of the last four, joined by ` + `; and `00001/1` for the last
line of a payment journal.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sync.engine.write import Result

KINDS: Final = {
    "orders": "sales_order", "customers": "customer_account", "companies": "customer_account",
    "contacts": "contact_person",
    "posted_invoices": "posted_invoice", "write_back": "order_comment",
}  # fmt: skip
_JOURNAL: Final = re.compile(r"journal (\S+) line (\S+)")
_TAKEN_OFF: Final = "taken off "
_RETURN: Final = re.compile(r"(\S+) \(RMA (.+)\)")


def targets_of(flow: str, number: str, digest: str) -> Iterator[Result]:
    """What the targets hold, by flow, number and digest of an old claim."""
    if flow in KINDS:
        yield Result(KINDS[flow], number, digest, "created")
    elif flow == "payments":
        journal, _, line = number.rpartition("/")
        yield _payment(journal, line, digest)
    else:
        seen = set[str]()
        for part in number.split(" + "):
            found = _receivable(part)
            yield replace(found, kind="store_credit") if found.kind in seen else found
            seen.add(found.kind)


def _receivable(part: str) -> Result:
    if part.startswith("FTI "):
        return Result("free_text_invoice", part.removeprefix("FTI "), "", "created", label=part)
    if (journal := _JOURNAL.fullmatch(part)) is not None:
        return _payment(journal[1], journal[2], "")
    if part.startswith(_TAKEN_OFF):
        return Result("taken_off", part.removeprefix(_TAKEN_OFF), "", "created", label=part)
    returned = _RETURN.fullmatch(part)
    if returned is not None:
        return Result("return_order", returned[1], "", "created", {"rma": returned[2]}, part)
    return Result("return_order", part, "", "created")


def _payment(journal: str, line: str, digest: str) -> Result:
    return Result(
        "customer_payment",
        f"{journal}/{line}",
        digest,
        "created",
        {"journal": journal, "line": line},
        f"journal {journal} line {line}",
    )
