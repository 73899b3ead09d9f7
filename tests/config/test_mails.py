"""What must hold for mails to buyers in `connections.toml`."""

from string import Formatter
from typing import Any

import pytest

from sync.config.connections.mails import FIELDS, TEXTS, Mails
from sync.config.file.mail_rules import mail_breaches

PATH = ("connections", "main")
SERVER = {"server": "smtp.example.com", "sender": "Shop <a@example.com>"}
SOUND = {**SERVER, "url": "https://sync.example.com", "invoices": True, "since": "2026-01-01"}


def places(written: dict[str, Any]) -> list[str | int]:
    found = list(mail_breaches(PATH, written))
    assert all(one.what and one.remedy for one in found)
    return [one.path[-1] for one in found]


@pytest.mark.parametrize(
    ("mails", "place"),
    [
        ({}, None),
        ({"url": "http://sync.example.com"}, "url"),
        ({"url": "http://localhost:7071"}, None),
        ({"since": None}, "since"),
        ({"server": ""}, "server"),
        ({"user": "somebody"}, "user"),
        ({"security": "none"}, "security"),
        ({"returns": ["received"]}, "returns"),
        ({"texts": {"de": {"invoice": "Rechnung {number}\n\n{link}"}}}, None),
        ({"texts": {"de": {"invoice": "Rechnung {rma}\n\n{link}"}}}, "invoice"),
        ({"texts": {"de": {"received": "{rma.raw}\n\nText"}}}, "received"),
        ({"texts": {"de": {"received": "{rma\n\nText"}}}, "received"),
        ({"texts": {"de": {"received": "A subject alone"}}}, "received"),
        ({"texts": {"de": {"lost": "Subject\n\nText"}}}, "lost"),
    ],
)
def test_mails_need_a_server_an_address_and_texts_that_can_be_filled(
    mails: dict[str, Any], place: str | None
) -> None:
    written = {"flows": ["orders", "mails"], "portal": {}, "mails": {**SOUND, **mails}}
    assert places(written) == ([place] if place else [])


def test_links_need_the_portal_and_the_flow_a_server() -> None:
    assert places({"flows": ["mails"], "mails": SOUND}) == ["invoices"]
    assert places({"flows": ["mails"]}) == ["mails"]
    assert places({"flows": ["orders"]}) == []
    following = {"flows": ["return_states", "mails"], "mails": {**SERVER, "returns": ["denied"]}}
    assert places(following) == []


def test_our_own_texts_can_be_filled_in_every_language() -> None:
    for language, texts in TEXTS.items():
        assert texts.keys() == TEXTS["en"].keys(), language
        for name, text in texts.items():
            known = {*FIELDS.get(name, FIELDS["return"])}
            assert {field for _, field, _, _ in Formatter().parse(text) if field} <= known


@pytest.mark.parametrize(
    ("language", "subject"),
    [("en", "Your return {rma}"), ("de-at", "Ihre Rücksendung {rma}"), ("xx", "Your return {rma}")],
)
def test_a_language_without_a_text_is_english(language: str, subject: str) -> None:
    mails = Mails.model_validate(SERVER)
    assert mails.text("received", language)[0] == subject
    assert mails.language(7) == "en"
    assert Mails.model_validate({**SERVER, "languages": {"7": "de"}}).language(7) == "de"
