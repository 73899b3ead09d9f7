"""Mails to buyers that neither Commerce nor F&O sends: what of, to whom, in which words."""

from datetime import date
from typing import Final, Literal

from pydantic import Field

from sync.config.connections.mail_server import MailServer
from sync.config.connections.section import Whole, YesNo

ReturnStatus = Literal[
    "authorized", "received", "approved", "rejected", "denied", "processed_closed"
]
FIELDS: Final = {
    "invoice": ("number", "date", "due", "amount", "currency", "order", "link", "days"),
    "credit_note": ("number", "date", "amount", "currency", "order", "link", "days"),
    "return": ("rma", "order", "number"),
}
"""What a text may name, by what it tells of; every return status names those of `return`."""
INVOICE: Final = (
    "Your invoice {number}\n\n"
    "Your invoice {number} of {date} comes to {amount} {currency} and is due on {due}.\n\n"
    "Open it within {days} days:\n{link}\n"
)
CREDIT_NOTE: Final = (
    "Your credit note {number}\n\n"
    "Your credit note {number} of {date} comes to {amount} {currency}.\n\n"
    "Open it within {days} days:\n{link}\n"
)
TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "invoice": INVOICE, "credit_note": CREDIT_NOTE,
        "authorized": "Your return {rma}\n\nYou may send the goods of order {order} back."
        " Please write the number {number} on the parcel.\n",
        "received": "Your return {rma}\n\nThe goods of order {order} have arrived.\n",
        "approved": "Your return {rma}\n\nWe have accepted the goods of order {order}.\n",
        "rejected": "Your return {rma}\n\nWe cannot take the goods of order {order} back.\n",
        "denied": "Your return {rma}\n\nYour return of order {order} was not accepted.\n",
        "processed_closed": "Your return {rma}\n\nYour return of order {order} is settled.\n",
    },
    "de": {
        "invoice": "Ihre Rechnung {number}\n\nIhre Rechnung {number} vom {date} über {amount}"
        " {currency} ist am {due} fällig.\n\nSie öffnen sie {days} Tage lang hier:\n{link}\n",
        "credit_note": "Ihre Gutschrift {number}\n\nIhre Gutschrift {number} vom {date} beträgt"
        " {amount} {currency}.\n\nSie öffnen sie {days} Tage lang hier:\n{link}\n",
        "authorized": "Ihre Rücksendung {rma}\n\nSie können die Ware der Bestellung {order}"
        " zurücksenden. Bitte schreiben Sie die Nummer {number} auf das Paket.\n",
        "received": "Ihre Rücksendung {rma}\n\nDie Ware der Bestellung {order} ist angekommen.\n",
        "approved": "Ihre Rücksendung {rma}\n\nWir haben die Ware der Bestellung {order}"
        " angenommen.\n",
        "rejected": "Ihre Rücksendung {rma}\n\nWir können die Ware der Bestellung {order} nicht"
        " zurücknehmen.\n",
        "denied": "Ihre Rücksendung {rma}\n\nDie Rücksendung der Bestellung {order} wurde nicht"
        " angenommen.\n",
        "processed_closed": "Ihre Rücksendung {rma}\n\nDie Rücksendung der Bestellung {order} ist"
        " abgeschlossen.\n",
    },
}  # fmt: skip
"""By language and by what is told: the subject, an empty line, the text."""


class Mails(MailServer):
    """Off where the section is not there, and each kind until it is named."""

    url: str = ""
    """Where buyers reach the product, for links to documents."""
    invoices: YesNo = False
    """Whether a posted invoice or credit note is told of, with a link that opens it."""
    since: date | None = None
    """Documents of earlier days are not told of."""
    link_days: Whole = Field(default=30, ge=1, le=90)
    """How long a link opens its document."""
    returns: tuple[ReturnStatus, ...] = ()
    """Which statuses of an RMA are told of, each once. Commerce mails none that comes by its
    API."""
    languages: dict[str, str] = {}
    """Store view's number -> language (`de`); `*` for all others. English where none is named."""
    texts: dict[str, dict[str, str]] = {}
    """Language -> what is told of -> subject, empty line, text; in place of ours."""
    poll_minutes: Whole = Field(default=15, ge=1, le=1440)

    def language(self, store_id: int | str | None) -> str:
        """That of a store view's buyers."""
        return self.languages.get(str(store_id), self.languages.get("*", "en"))

    def text(self, name: str, language: str) -> tuple[str, str]:
        """(subject, text) of what is told; English where the language has none."""
        known = (self.texts.get(language, {}).get(name), TEXTS.get(language[:2], {}).get(name))
        whole = next((one for one in known if one), TEXTS["en"][name])
        subject, _, text = whole.partition("\n")
        return subject.strip(), text.strip() + "\n"
