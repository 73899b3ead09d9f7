"""What must hold for `alerts` and `freshness` in `connections.toml`."""

from typing import Any

import pytest

from sync.config.file.alert_rules import alert_breaches, freshness_breaches

MAIL = {"server": "smtp.example.com", "sender": "sync@example.com", "to": ["a@example.com"]}
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("alerts", "place"),
    [
        ({}, None),
        ({"webhook": "alerts-url", "mail": MAIL}, None),
        ({"webhook": SECRET}, "webhook"),
        ({"mail": {**MAIL, "server": " "}}, "server"),
        ({"mail": {**MAIL, "sender": ""}}, "sender"),
        ({"mail": {**MAIL, "to": []}}, "to"),
        ({"mail": {**MAIL, "to": ["a@example.com", "nobody"]}}, "to"),
        ({"mail": {**MAIL, "user": "sync"}}, "user"),
        ({"mail": {**MAIL, "user": "sync", "password": "mail-password"}}, None),
        ({"mail": {**MAIL, "user": "sync", "password": SECRET}}, "password"),
        ({"mail": {**MAIL, "security": "none"}}, "security"),
        ({"mail": {**MAIL, "security": "none", "server": "localhost"}}, None),
    ],
)
def test_alerts_reach_somebody_and_no_secret_stands_there(
    alerts: dict[str, Any], place: str | None
) -> None:
    found = list(alert_breaches({"alerts": alerts}))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


@pytest.mark.parametrize(
    ("freshness", "places"),
    [({"orders": 10}, []), ({"order": 10}, ["order"]), ({"orders": 0}, ["orders"]), (5, [])],
)
def test_freshness_names_flows_and_minutes(freshness: object, places: list[str]) -> None:
    found = list(freshness_breaches(("connections", "main"), {"freshness": freshness}))
    assert [one.path[-1] for one in found] == places
    assert all(one.what and one.remedy for one in found)
