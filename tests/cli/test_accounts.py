"""`preview accounts` and `map companies match`, against both systems behind real sockets."""

from pathlib import Path

import httpx

from tests.cli.running import Line, Systems
from tests.flows.b2b import OFFICE

ACCOUNTS = """
[connections.shop.accounts]
groups = ["10"]
match = ["number", "email"]
"""


def test_companies_are_matched_and_accounts_previewed(line: Line, systems: Systems) -> None:
    line.configured(systems)
    ran = line("preview", "accounts")
    assert (ran.status, "nothing is named" in ran.err) == (2, True)
    ran = line("preview", "accounts", "--account", "US-001")
    assert (ran.status, "accounts is not on" in ran.err) == (2, True)
    path: Path = line.folder / "connections.toml"
    flows = '[connections.shop]\nflows = ["orders", "customers", "companies", "accounts"]'
    path.write_text(path.read_text().replace("[connections.shop]", flows) + ACCOUNTS)
    (*_, counts) = line("map", "companies", "match", "--json").documents
    assert (counts["matched"], counts["unmatched"], counts["stored"]) == (0, 1, 0)
    (found,) = line("preview", "accounts", "--account", "US-001", "--json").documents
    assert (found["outcome"], "none is made here" in found["reason"]) == ("skip", True)
    place = "CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')?cross-company=true"
    body, who = {"PrimaryContactEmail": OFFICE}, {"Authorization": "Bearer sandbox"}
    answer = httpx.patch(f"{systems.dynamics}/data/{place}", json=body, headers=who)
    assert answer.status_code == 204, answer.text
    (pair, counts) = line("map", "companies", "match", "--yes", "--json").documents
    assert (pair["account"], pair["source_key"], pair["matched_by"]) == ("US-001", "2", "email")
    assert (counts["matched"], counts["stored"]) == (1, 1)
    (found,) = line("preview", "accounts", "--account", "US-001", "--json").documents
    assert [one["path"] for one in found["requests"]] == ["/V1/company/2"]
    ran = line("preview", "accounts", "--account", "NOPE")
    assert (ran.status, "usmf has no account NOPE" in ran.err) == (2, True)
