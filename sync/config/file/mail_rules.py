"""What must hold for a mail server, and for `mails`: flows that tell, links that open, texts that
can be filled."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.mail_server import MailServer
from sync.config.connections.mails import FIELDS, TEXTS, Mails
from sync.config.file.breaches import Breach, is_flowing, sound, text_breaches
from sync.config.file.secret_rules import leaked, looks_like_a_secret
from sync.config.file.toml_lines import Path
from sync.config.file.url_rules import is_loopback


def server_breaches(path: Path, mail: MailServer) -> Iterator[Breach]:
    """Every breach in how a mail server is spoken to."""
    for name, value in (("server", mail.server), ("sender", mail.sender)):
        if not value.strip():
            yield Breach((*path, name), f'"{name}" is empty', f'Write {name} = "…".')
    if bool(mail.user) != bool(mail.password):
        remedy = 'Write user = "…" and password = "…", the name of the secret in the vault.'
        yield Breach((*path, "user"), "a user and a password belong together", remedy)
    if looks_like_a_secret(mail.password):
        yield leaked((*path, "password"))
    if mail.security == "none" and not is_loopback(f"http://{mail.server}"):
        what = 'security "none" is for a mail server on this machine'
        yield Breach((*path, "security"), what, 'Write "starttls" or "tls".')


def mail_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `mails` of the connection at `path`."""
    here = (*path, "mails")
    if "mails" not in written:
        if is_flowing(written, "mails"):
            remedy = "Add the section with server and sender, or take the flow out."
            yield Breach(here, 'the flow "mails" is on, and no mail server is named', remedy)
        return
    mails = sound(Mails, written["mails"])
    if mails is None:
        return
    yield from server_breaches(here, mails)
    if mails.invoices:
        yield from _links(here, written, mails)
    if mails.returns and not is_flowing(written, "return_states"):
        what = 'statuses of returns are mailed, and the flow "return_states" is off'
        yield Breach((*here, "returns"), what, 'Add "return_states" to flows.')
    for language, texts in mails.texts.items():
        yield from _texts((*here, "texts", language), texts)


def _links(path: Path, written: Mapping[str, Any], mails: Mails) -> Iterator[Breach]:
    if "portal" not in written:
        remedy = "Add the section portal: links open its documents."
        yield Breach((*path, "invoices"), "invoices are mailed, and there is no portal", remedy)
    if not (mails.url.startswith("https://") or is_loopback(mails.url)):
        remedy = 'Write url = "https://…", where buyers reach the product.'
        yield Breach((*path, "url"), "links need an address with https", remedy)
    if mails.since is None:
        remedy = "Write since = 2026-01-31, the first day whose documents are mailed."
        yield Breach((*path, "since"), "nobody says from which day on invoices are mailed", remedy)


def _texts(path: Path, texts: Mapping[str, str]) -> Iterator[Breach]:
    for name, text in texts.items():
        if name not in TEXTS["en"]:
            what = f"nothing called {name[:40]} is mailed"
            yield Breach((*path, name), what, f"Known: {', '.join(TEXTS['en'])}.")
            continue
        yield from text_breaches((*path, name), text, FIELDS.get(name, FIELDS["return"]))
        if "\n" not in text.strip():
            what = "the text is a subject alone"
            yield Breach((*path, name), what, "Write the subject, an empty line, and the text.")
