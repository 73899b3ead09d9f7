"""`console`, and what `serve` says of it."""

import httpx
import pytest

from tests.cli.running import Line
from tests.cli.test_serve import serving


def test_a_link_signs_in_once_beside_a_process_that_serves(home: Line) -> None:
    with serving(home.folder) as (_, ready):
        ran = home("console", "--role", "viewer", "--by", "ann", "--url", ready["url"], "--json")
        assert ran.documents[0]["role"] == "viewer"
        for link, who in ((ran.documents[0]["url"], "ann, viewer"), (ready["console"], "operator")):
            page, _, token = link.partition("?token=")
            with httpx.Client(follow_redirects=True) as browser:
                assert token in browser.get(link).text, "a link that is followed uses up nothing"
                seen = browser.post(page, data={"token": token})
                assert seen.status_code == 200
                assert who in seen.text
                assert "was used" in browser.post(page, data={"token": token}).text
        assert httpx.get(f"{ready['url']}/api/console").status_code == 303
        style = httpx.get(f"{ready['url']}/api/console/static/console.css")
        assert style.headers["content-type"].startswith("text/css")


def test_where_no_token_lets_anybody_in_that_is_said(
    home: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_CONSOLE", "off")
    ran = home("console")
    assert ran.status == 2
    assert "SYNC_CONSOLE is off" in ran.err
