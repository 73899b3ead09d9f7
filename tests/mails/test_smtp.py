"""What a mail server says decides over what happens next: again, never, or nobody knows."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.mail_server import mail_server
from sync.config.connections.mail_server import MailServer
from sync.core.errors import Later, Never, Unknown
from sync.core.ports import Mail
from sync.mails.smtp import SmtpMailer
from tests.commerce.doubles import KnownSecrets
from tests.contracts.hand_clock import HandClock

MAIL = Mail("0b9e-17", "ann.lee@example.com", "Rechnung für Ännchen", "Grüße\n.\nEnde\n")


async def sent(settings: dict[str, Any], *, late: bool = False, mail: Mail = MAIL) -> None:
    clock = HandClock()
    mailer = SmtpMailer(MailServer.model_validate(settings), KnownSecrets({}), clock)
    seconds = -1 if late else 60
    await mailer.send(mail, not_after=clock.now() + timedelta(seconds=seconds))


async def test_a_mail_arrives_as_it_was_written_under_its_own_name() -> None:
    with mail_server() as server:
        await sent(server.settings)
        (message,) = server.taken
    assert server.recipients == [MAIL.to]
    assert (message["Subject"], message["Message-ID"]) == (MAIL.subject, "<0b9e-17@shop.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == MAIL.text.splitlines()


@pytest.mark.parametrize(
    ("says", "leaves", "expected"),
    [
        ({"MAIL": 550}, "", Never),
        ({"MAIL": 451}, "", Later),
        ({"RCPT": 550}, "", Never),
        ({"RCPT": 452}, "", Later),
        ({"DATA": 554}, "", Never),
        ({"DATA": 421}, "", Later),
        ({"TEXT": 552}, "", Never),
        ({"TEXT": 451}, "", Later),
        ({}, "MAIL", Later),
        ({}, "RCPT", Later),
        ({}, "DATA", Unknown),
        ({}, "TEXT", Unknown),
    ],
)
async def test_each_answer_says_whether_to_try_again(
    says: dict[str, int], leaves: str, expected: type[Exception]
) -> None:
    with mail_server() as server:
        server.says, server.leaves = says, leaves
        with pytest.raises(expected) as told:
            await sent(server.settings)
    assert type(told.value) is expected
    assert MAIL.to not in str(told.value)
    assert len(server.taken) == (1 if leaves == "TEXT" else 0)


async def test_a_server_that_is_not_there_has_taken_nothing() -> None:
    with mail_server() as server:
        settings = server.settings
    with pytest.raises(Later) as told:
        await sent(settings)
    assert not isinstance(told.value, Unknown)


async def test_a_mail_that_is_late_is_not_sent() -> None:
    with mail_server() as server:
        with pytest.raises(Later, match="in time"):
            await sent(server.settings, late=True)
        assert not server.commands
