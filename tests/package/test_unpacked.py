"""The package stands on its own: unpacked elsewhere, all of it is imported with what
requirements.txt names, and no more.

`make package` installs just that into an environment of its own; without it the developers' one
serves, and whatever comes from there must belong to a requirement.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.package.built import ROOT, build
from tests.package.pins import chosen, pinned, run_time

LOOK = Path(__file__).with_name("look.py")
BORN_WITH = {"pip", "setuptools"}
"""What an environment has before anything is installed into it."""
ALONE = ROOT / ".venv-package"
SITE = Path(sysconfig.get_path("purelib")).resolve()


@dataclass(frozen=True)
class Looked:
    """What the package said, unpacked in `folder`."""

    folder: Path
    functions: list[str]
    at_start: list[str]
    places: dict[str, str]
    site: Path

    def installed(self) -> set[str]:
        """Top-level names of modules that came from installed distributions."""
        return {
            name.partition(".")[0]
            for name, place in self.places.items()
            if place and self.site in _parents(place)
        }


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    folder = tmp_path_factory.mktemp("wwwroot")
    with zipfile.ZipFile(build(tmp_path_factory.mktemp("built") / "package.zip")) as package:
        package.extractall(folder)
    python, site, path = _interpreter(folder)
    system = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own program
        [*python, "-W", "error", str(LOOK)],
        cwd=folder,
        env={**system, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reported: dict[str, Any] = json.loads(done.stdout)
    return Looked(
        folder.resolve(), reported["functions"], reported["at_start"], reported["places"], site
    )


def _interpreter(folder: Path) -> tuple[list[str], Path, str]:
    """How Python is called, where its packages lie, and where it looks for modules first."""
    if not (ALONE / "ready").exists():
        return [sys.executable, "-S"], SITE, os.pathsep.join([str(folder), str(SITE)])
    (site,) = ALONE.glob("lib/python*/site-packages")
    return [str(ALONE / "bin" / "python")], site.resolve(), str(folder)


def _parents(place: str) -> list[Path]:
    return list(Path(place).resolve().parents)


def test_it_registers_its_functions(looked: Looked) -> None:
    expected = {
        "receive_webhook",
        "receive_events",
        "health",
        "tick",
        "run_poll",
        "deliver_documents",
        "park_documents",
    }
    assert expected <= set(looked.functions)


def test_all_of_the_product_comes_from_the_package(looked: Looked) -> None:
    ours = {
        name: place
        for name, place in looked.places.items()
        if name.partition(".")[0] in {"sync", "function_app"}
    }
    assert len(ours) > 100
    assert not [name for name, place in ours.items() if looked.folder not in _parents(place)]


def test_nothing_is_imported_that_requirements_txt_does_not_bring(looked: Looked) -> None:
    owners, allowed = packages_distributions(), run_time() | BORN_WITH
    strangers = {
        name: owners.get(name, ["nobody"])
        for name in looked.installed()
        if not {canonicalize_name(owner) for owner in owners.get(name, [])} & allowed
    }
    assert not strangers


def test_everything_is_installed_as_it_is_pinned() -> None:
    assert {f"{name}=={version(name)}" for name in run_time()} == set(pinned())


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.stem)
def test_every_pin_names_the_hashes_of_its_files(path: Path) -> None:
    """With one hash in it, pip takes nothing that has none, and no file that has another."""
    assert pinned(path)
    for pin, hashes in pinned(path).items():
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+", pin), pin
        assert hashes, pin
        assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes)


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.in")), ids=lambda path: path.stem)
def test_what_was_chosen_is_what_is_pinned(path: Path) -> None:
    pins = pinned(path.with_suffix(".txt"))
    assert {f"{canonicalize_name(one.name)}{one.specifier}" for one in chosen(path)} <= set(pins)


def test_tools_change_no_pin_of_the_product() -> None:
    product = dict(pin.split("==") for pin in pinned())
    for name in ("requirements-dev.txt", "requirements-fuzz.txt"):
        tools = dict(pin.split("==") for pin in pinned(ROOT / name))
        assert {one: tools[one] for one in tools if one in product}.items() <= product.items()


def test_nothing_instruments_the_libraries_that_know_urls() -> None:
    assert not [name for name in run_time() if "instrumentation" in name]


def test_what_only_one_edition_needs_is_not_loaded_at_the_start(looked: Looked) -> None:
    assert not {
        "azure.servicebus",
        "azure.identity",
        "azure.data.tables",
        "aiohttp",
        "opentelemetry",
    } & set(looked.at_start)
