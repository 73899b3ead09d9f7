"""An alert is told once, and once more when it is over, by real HTTP and real SMTP."""

import email
import email.policy
import logging
from datetime import timedelta
from typing import Any

import pytest

from sync.alerts.alert import Alert
from sync.alerts.alerting import ALERTS, ENDED, Alerting
from sync.alerts.senders import Notice, senders_of
from sync.config.connections import Alerts, Mail
from sync.core.errors import Later, Never
from tests.alerts.receivers import Receiver, mail, web
from tests.contracts.hand_clock import HandClock
from tests.doubles.memory_tables import MemoryTables

PARKED = Alert("parked|bikes|orders", "warning", "2 records wait", "No sku.", "Map it.")
AWAY = Alert("away|Dynamics", "critical", "Dynamics gives no answer", "503.", "Ask who runs it.")
FIVE = timedelta(minutes=5)


class Named:
    """Secrets of a dictionary."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    async def get(self, name: str) -> str:
        return self._values[name]


class Beat:
    """An `Alerting` that looks every five minutes."""

    def __init__(self, receiver: Receiver, tables: MemoryTables | None = None) -> None:
        self.clock, self.tables = HandClock(), tables or MemoryTables()
        secrets = Named({"hook": f"http://127.0.0.1:{receiver.port}/hook"})
        senders = senders_of(Alerts(webhook="hook"), secrets)
        self.alerting = Alerting(self.tables, self.clock, senders, timedelta(minutes=10))

    async def looks(self, times: int, *alerts: Alert) -> None:
        for _ in range(times):
            await self.alerting.look(alerts)
            self.clock.at += FIVE


def told(receiver: Receiver) -> list[tuple[list[str], list[str]]]:
    """The causes that each notice says to be new, and to be over."""
    return [
        ([one["cause"] for one in notice["fired"]], [one["cause"] for one in notice["resolved"]])
        for notice in receiver.taken
    ]


async def test_what_lasts_is_told_once_and_its_end_once() -> None:
    async with web() as receiver:
        beat = Beat(receiver)
        await beat.looks(2, PARKED)
        assert receiver.taken == []
        await beat.looks(10, PARKED)
        assert told(receiver) == [([PARKED.cause], [])]
        await beat.looks(2)
        assert len(receiver.taken) == 1
        await beat.looks(5)
        assert told(receiver) == [([PARKED.cause], []), ([], [PARKED.cause])]
    assert await beat.alerting.standing() == []
    (ended,) = [row async for row in beat.tables.query(ALERTS, ENDED)]
    assert ended.values["cause"] == PARKED.cause


async def test_what_has_lasted_is_in_the_log_at_each_look(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sync.alerts")
    async with web() as receiver:
        beat = Beat(receiver)
        await beat.looks(2, PARKED)
        assert "alerts.stands" not in caplog.text
        await beat.looks(3, PARKED)
    line = f"alerts.stands severity=warning kind=parked cause={PARKED.cause}"
    assert [one.getMessage() for one in caplog.records].count(line) == 3


async def test_what_comes_and_goes_is_told_to_nobody_and_what_comes_back_is_no_news() -> None:
    async with web() as receiver:
        beat = Beat(receiver)
        await beat.looks(2, AWAY)
        await beat.looks(4)
        assert receiver.taken == []
        await beat.looks(4, AWAY)
        await beat.looks(1)
        await beat.looks(4, AWAY)
    assert told(receiver) == [([AWAY.cause], [])]


async def test_a_changed_text_is_the_same_alert_and_several_are_one_notice() -> None:
    more = Alert(PARKED.cause, "warning", "3 records wait", "No sku.", "Map it.")
    async with web() as receiver:
        beat = Beat(receiver)
        await beat.looks(2, PARKED, AWAY)
        await beat.looks(3, more, AWAY)
    assert len(receiver.taken) == 1
    assert sorted(one["title"] for one in receiver.taken[0]["fired"]) == [
        "3 records wait", "Dynamics gives no answer",
    ]  # fmt: skip
    standing = await beat.alerting.standing()
    assert {one.alert for one in standing if one.told_at} == {more, AWAY}


async def test_what_could_not_be_sent_is_sent_at_the_next_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with web() as receiver:
        beat, receiver.status = Beat(receiver), 503
        await beat.looks(4, PARKED)
        assert "alerts.not_sent to=webhook reason=the webhook for alerts answered 503" in "".join(
            caplog.messages
        )
        receiver.status = 200
        await beat.looks(2, PARKED)
    assert told(receiver) == [([PARKED.cause], [])]


async def test_another_process_goes_on_with_what_was_told() -> None:
    async with web() as receiver:
        beat = Beat(receiver)
        await beat.looks(4, PARKED)
        later = Beat(receiver, beat.tables)
        later.clock.at = beat.clock.at
        await later.looks(3, PARKED)
    assert len(receiver.taken) == 1


async def sent(settings: Alerts, secrets: dict[str, str], *fired: Alert) -> None:
    (sender,) = senders_of(settings, Named(secrets))
    await sender.send(Notice(HandClock().now(), fired, (PARKED,)))


async def test_teams_gets_a_message_with_one_adaptive_card() -> None:
    async with web() as receiver:
        secrets = {"hook": f"http://127.0.0.1:{receiver.port}/hook"}
        await sent(Alerts(webhook="hook", format="teams"), secrets, AWAY)
    (message,) = receiver.taken
    (attachment,) = message["attachments"]
    card: dict[str, Any] = attachment["content"]
    assert message["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"TextBlock"}
    texts = [block["text"] for block in card["body"]]
    assert texts[0] == "Dynamics gives no answer, and 1 more"
    assert "What to do: Ask who runs it." in texts[1]
    assert texts[2] == "Resolved: 2 records wait"


async def test_mail_reaches_everybody_with_what_to_do() -> None:
    async with mail() as receiver:
        to = ("ann@example.com", "bob@example.com")
        server = Mail(
            server="127.0.0.1", port=receiver.port, security="none", sender="s@example.com", to=to
        )
        await sent(Alerts(mail=server), {}, AWAY)
    message = email.message_from_string(receiver.taken[0], policy=email.policy.default)
    assert message["Subject"] == "Dynamics gives no answer, and 1 more"
    assert message["To"] == "ann@example.com, bob@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "What to do: Ask who runs it." in str(message.get_content())


async def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    async with mail() as receiver:
        port = receiver.port
    server = Mail(server="127.0.0.1", port=port, security="none", sender="s@e.com", to=("a@e.com",))
    with pytest.raises(Later, match="the mail server did not take an alert"):
        await sent(Alerts(mail=server), {}, AWAY)


@pytest.mark.parametrize("url", ["http://example.com/hook", "ftp://example.com", "", "no address"])
async def test_an_address_in_the_clear_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(Never) as refused:
        await sent(Alerts(webhook="hook"), {"hook": url}, AWAY)
    assert refused.value.reason == "the secret hook holds no https address"
    assert "example.com" not in f"{refused.value}{refused.value.remedy}"
