"""What must hold where demand is written into F&O."""

from typing import Any

import pytest

from sync.config.file.demand_rules import demand_breaches, shared_demand

PATH = ("connections", "shop")
ON: dict[str, Any] = {"flows": ["demand"], "demand": {"model": "WEB"}, "reporting": {}}


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, []),
        ({"flows": [], "demand": {}}, []),
        ({"demand": {}}, ["model"]),
        ({"demand": {"model": " "}}, ["model"]),
        ({"reporting": None}, ["demand"]),
    ],
)
def test_a_model_is_named_and_something_is_forecast(
    changes: dict[str, Any], places: list[str]
) -> None:
    written = {name: one for name, one in {**ON, **changes}.items() if one is not None}
    found = list(demand_breaches(PATH, written))
    assert [one.path[-1] for one in found] == places
    assert all(one.what and one.remedy for one in found)


def of(company: str, url: str = "https://erp.example.com", **more: Any) -> dict[str, Any]:
    dynamics = {
        "url": url, "company": company, "auth": "managed_identity", "client_id": "1",
    }  # fmt: skip
    return {**ON, "dynamics": dynamics, **more}


def test_the_demand_of_a_legal_entity_is_written_by_one_connection() -> None:
    """It is that of all shops: two would have F&O plan for it twice."""
    (breach,) = shared_demand({"east": of("usmf"), "west": of("usmf")})
    assert (breach.path, "usmf" in breach.what) == (("connections", "west", "flows"), True)
    stores = {"1": {"site": "1", "warehouse": "1", "company": "usmf"}}
    (breach,) = shared_demand({"east": of("usmf"), "west": of("demf", stores=stores)})
    assert "east" in breach.what
    other = {"east": of("usmf"), "west": of("demf")}
    away = {"east": of("usmf"), "west": of("usmf", "https://test.example.com")}
    off = {"east": of("usmf"), "west": of("usmf", flows=["orders"])}
    for written in (other, away, off):
        assert list(shared_demand(written)) == []
