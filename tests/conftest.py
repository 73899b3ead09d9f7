"""What holds for all tests: properties draw the same examples in every usual run, and no skip goes
unnoticed where `SYNC_TEST_SKIPS=refuse` says that everything should run. What takes longest comes
first, so that no worker is left with it at the end."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sync.adapters.sqlite.tables import SqliteTables

# `make test` is the same run every time: Hypothesis derives its examples from the test's code, and
# neither keeps failures for the next run nor looks at a clock. `make test-long` chooses the profile
# "long" (--hypothesis-profile): it plays every property again with examples drawn anew, and more.
# A slow machine is no fault of a test.
SLOW_IS_FINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("usual", SLOW_IS_FINE, derandomize=True, database=None)
settings.register_profile("long", SLOW_IS_FINE, max_examples=1000, print_blob=True)
settings.load_profile("usual")

SHARED_SAMPLES = Path(
    os.environ.get("SHARED_SAMPLES", Path(__file__).parents[2] / "shared" / "samples")
)
"""Payloads that lie beside the project."""
ABSENT = "payloads that lie beside the project are absent"
"""The one reason for which a test may be skipped, where they are: it reads payloads that the
project does not ship."""
NO_CHROMIUM = "no chromium on this machine"
"""The other reason: a browser comes with the machine, and is not fetched."""

FIRST = (
    "tests/sandbox/demo/test_demo.py", "tests/sandbox/demo/test_killed.py",
    "tests/worker/test_unconfigured.py", "tests/azure_path/", "tests/console/test_browser.py",
    "tests/worker/", "tests/contracts/", "tests/simulation/", "tests/cli/test_serve.py",
    "tests/adapters/",
)  # fmt: skip
"""Tests that wait for other processes, for brokers and for real time: one worker begins with them
while the others keep the cores busy."""


OF_THE_SOURCE = (
    "tests/test_", "tests/infra/test_alerts.py", "tests/reporting/test_reading_pages.py",
    "tests/flows/test_reading_the_code.py",
)  # fmt: skip
"""Tests that parse the whole source: it takes seconds in each process that does it."""


@pytest.fixture
def tables() -> Iterator[SqliteTables]:
    """Tables in memory."""
    found = SqliteTables(":memory:")
    yield found
    found.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put first what takes longest, and what parses the source where the last worker begins;
    everything else keeps its order."""
    parsing = [item for item in items if item.nodeid.startswith(OF_THE_SOURCE)]
    others = [item for item in items if not item.nodeid.startswith(OF_THE_SOURCE)]
    others.sort(
        key=lambda item: next(
            (place for place, name in enumerate(FIRST) if item.nodeid.startswith(name)), len(FIRST)
        )
    )
    share = len(items) // getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = [*others[: len(items) - share], *parsing, *others[len(items) - share :]]


def pytest_collection_finish() -> None:
    """Thousands of tests and their modules stay to the end: have no collection of garbage look at
    them again and again."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the skips that should not be."""
    for report in _unexpected(terminalreporter):
        terminalreporter.write_line(f"skipped, but it should run here: {report.nodeid}", red=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail the run when a suite that should run was skipped."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.exitstatus == pytest.ExitCode.OK and _unexpected(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unexpected(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    if os.environ.get("SYNC_TEST_SKIPS") != "refuse":
        return []
    skipped = reporter.stats.get("skipped", [])
    is_allowed = not SHARED_SAMPLES.is_dir()
    allowed = (*([ABSENT] if is_allowed else []), NO_CHROMIUM)
    return [report for report in skipped if not any(one in str(report.longrepr) for one in allowed)]
