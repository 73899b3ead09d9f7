"""What the Bicep compiler would say, as far as it can be told without it."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.infra.bicep import FILES, FUNCTIONS, INFRA, Bicep, bicep, body_of, every


@pytest.fixture(params=[path.stem for path in FILES])
def file(request: pytest.FixtureRequest) -> Bicep:
    return bicep(request.param)


def parameters(file: Bicep) -> dict[str, bool]:
    """Every parameter, and whether it must be given."""
    return {
        name: not re.search(rf"^param {name} \w+ =", file.source, re.MULTILINE)
        for name in file.tree["parameters"]
    }


def test_every_name_that_is_used_is_declared(file: Bicep) -> None:
    assert file.used - file.declared == set()


def test_every_name_that_is_declared_is_used(file: Bicep) -> None:
    makes = {name for name, _, _ in file.resources()} | set(file.tree.get("modules", {}))
    assert file.declared - file.used - makes == set()


def test_only_functions_of_bicep_are_called(file: Bicep) -> None:
    assert file.called - FUNCTIONS == set()


def test_every_type_has_a_version_that_is_no_preview_unless_there_is_no_other(file: Bicep) -> None:
    for name, resource in file.tree.get("resources", {}).items():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", resource["api_version"]), name
        assert (
            "preview" not in resource["api_version"]
            or resource["type"] == "Microsoft.Insights/diagnosticSettings"
        )


def test_a_type_has_one_version_everywhere() -> None:
    versions: dict[str, set[str]] = {}
    for file in every():
        for resource in file.tree.get("resources", {}).values():
            versions.setdefault(resource["type"], set()).add(resource["api_version"])
    assert {type_: found for type_, found in versions.items() if len(found) > 1} == {}


def modules() -> dict[str, tuple[Mapping[str, Any], Bicep]]:
    return {
        name: (
            body_of(module["config"]),
            bicep(module["detail"]["path"].rpartition("/")[2].removesuffix(".bicep")),
        )
        for name, module in bicep("main").tree["modules"].items()
    }


def test_every_file_is_deployed() -> None:
    assert {file.path for _, file in modules().values()} | {INFRA / "main.bicep"} == set(FILES)
    for module in bicep("main").tree["modules"].values():
        assert (INFRA / module["detail"]["path"]).is_file()


def test_every_module_is_given_its_parameters_and_no_others() -> None:
    for name, (config, file) in modules().items():
        wanted = parameters(file)
        given = set(config["params"])
        assert given <= set(wanted), name
        assert {parameter for parameter, is_needed in wanted.items() if is_needed} <= given, name


def test_what_is_read_of_a_module_is_what_it_tells_and_nothing_is_told_in_vain() -> None:
    read = bicep("main").outputs_read
    reported = {
        (name, output)
        for name, (_, file) in modules().items()
        for output in file.tree.get("outputs", {})
    }
    assert read == reported


def test_azd_gives_every_parameter_and_no_other() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    wanted = bicep("main").tree["parameters"]
    assert set(given) == set(wanted)
    for name, entry in given.items():
        found = re.fullmatch(r"\$\{[A-Z_]+(?:=(.*))?\}", entry["value"])
        assert found, name
        default = wanted[name]["default"]
        if found[1] is not None:
            assert found[1] == (
                str(default).lower() if isinstance(default, bool) else str(default)
            ), name


def test_every_parameter_of_the_environment_is_explained() -> None:
    for name, parameter in bicep("main").tree["parameters"].items():
        assert any(one["type"] == "description" for one in parameter["decorators"]), name


def test_no_secret_goes_through_the_deployment() -> None:
    for file in every():
        assert not re.search(
            r"list(Keys|Secrets|Account)|@secure|connectionString'|vaults/secrets",
            file.source,
            re.IGNORECASE,
        )


def test_the_resource_group_and_the_app_are_those_that_azd_looks_for() -> None:
    assert bicep("main").tree["globals"]["scope"]["value"] == "subscription"
    group = bicep("main").body("group")
    assert (group["name"], group["tags"]) == ("rg-${environmentName}", "tags")
    assert "'azd-env-name': environmentName" in bicep("main").source
    service = re.search(r"'azd-service-name': '(\w+)'", bicep("app").source)
    manifest = (INFRA.parent / "azure.yaml").read_text(encoding="utf-8")
    assert service
    assert f"\n  {service[1]}:\n" in manifest
    assert "host: function" in manifest
