"""`check` looks whether an alert would be heard, and sends none."""

from sync.alerts.senders import senders_of
from sync.checks.alert_ways import alerts_are_heard
from sync.checks.finding import Finding, Level
from sync.config.connections import Alerts, Mail
from tests.alerts.receivers import mail, web
from tests.checks.conftest import Drawer


async def found(settings: Alerts, **secrets: str) -> list[Finding]:
    senders = senders_of(settings, Drawer(secrets))
    return [one async for one in alerts_are_heard(senders)]


def mailing(port: int, **more: str) -> Mail:
    return Mail(
        server="127.0.0.1", port=port, security="none", sender="a@x.test", to=("b@x.test",), **more
    )


async def test_each_way_is_reached_and_nothing_is_sent() -> None:
    async with web() as hook, mail() as server:
        settings = Alerts(webhook="hook", mail=mailing(server.port))
        one, other = await found(settings, hook=f"http://127.0.0.1:{hook.port}/hook")
        assert (one.level, other.level) == (Level.OK, Level.OK)
        assert "127.0.0.1" in one.what
        assert (hook.taken, server.taken) == ([], [])


async def test_where_nobody_is_told_that_is_said_with_what_to_write() -> None:
    (warning,) = await found(Alerts())
    assert (warning.level, "[alerts]" in warning.what) == (Level.WARN, True)
    assert "alerts --test" in warning.cure


async def test_what_keeps_an_alert_from_being_heard_is_a_fault() -> None:
    async with web() as hook:
        closed = hook.port
    for settings, secrets, words in (
        (Alerts(webhook="hook"), {}, "no secret hook"),
        (Alerts(webhook="hook"), {"hook": "http://elsewhere.test/x"}, "holds no https address"),
        (Alerts(webhook="hook"), {"hook": f"http://127.0.0.1:{closed}/x"}, "takes no connection"),
        (Alerts(mail=mailing(closed)), {}, "mail server did not take"),
        (Alerts(mail=mailing(closed, user="u", password="pw")), {}, "no secret pw"),
    ):
        (fault,) = await found(settings, **secrets)
        assert fault.level is Level.FAULT
        assert words in fault.what
        assert fault.cure
