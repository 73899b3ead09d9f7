"""`check`: the configuration, the secrets and both systems, each fault with its cure."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Annotated

import typer

from sync.checks.alert_ways import alerts_are_heard
from sync.checks.connection import CHECKS, checked
from sync.checks.finding import Finding, Level, Probe, fault, ok
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import Bar, json_line, line, progress
from sync.cli.webhooks import Url, address_of
from sync.config.file.reading import BadConfiguration
from sync.core.errors import Never
from sync.operating.checking import probe_of

FAULTS = 1
"""Exit status: something must be mended."""

MARKS = {Level.OK: "ok   ", Level.WARN: "WARN ", Level.FAULT: "FAULT"}


@dataclass
class Report:
    """What was found so far, printed as it comes; what several checks stumble over, once."""

    context: CommandContext
    found: set[tuple[str, Finding]] = field(default_factory=set)

    def add(self, connection: str, check: str, finding: Finding) -> None:
        """Print one finding and remember it."""
        if (connection, finding) in self.found:
            return
        self.found.add((connection, finding))
        if self.context.as_json:
            json_line({"connection": connection, "check": check, **finding.as_json()})
            return
        line(f"{MARKS[finding.level]} {connection}{': ' if connection else ''}{finding.what}")
        if finding.cure:
            line(f"      Cure: {finding.cure}")

    @property
    def counts(self) -> dict[str, int]:
        """How many of each level, each once."""
        return {str(level): sum(one.level is level for _, one in self.found) for level in Level}


Days = Annotated[
    int,
    typer.Option(
        min=0,
        max=730,
        help="Try the records of so many last days, at most 2000 of each kind; 0 tries none.",
    ),
]


def check(ctx: typer.Context, days: Days = 90, url: Url = "") -> None:
    """Read the configuration, look for its secrets and ask both systems; print every fault with its
    cure.

    Then the records of the last days (orders, invoices, credit memos, customers, companies, as far
    as these flow) are mapped as `preview` does: whatever would park some of them is printed once,
    with the number of records and the line to add. With --url a webhook without a record is sent to
    the app, which must judge its signature.

    Nothing is written anywhere. Exit status: 0 no fault (warnings are fine), 1 some fault.

    For example:

    python -m sync check

    python -m sync check --connection bikes-de --days 30 --json

    python -m sync check --url https://sync.example.com
    """
    report(context_of(ctx), days, address_of(url) if url else "")


def report(context: CommandContext, days: int = 90, address: str = "") -> None:
    """Check all that the context names, and print what is found. Raises `typer.Exit`."""
    found = Report(context)
    if _configured(context, found):
        asyncio.run(_checked(context, found, days, address))
    if not context.as_json:
        counts = found.counts
        line(f"Faults: {counts['fault']}, warnings: {counts['warn']}, fine: {counts['ok']}.")
    if found.counts["fault"]:
        raise typer.Exit(FAULTS)


def _configured(context: CommandContext, report: Report) -> bool:
    """Whether the file can be used; every fault of it is a finding."""
    file, part = context.settings().connections, "configuration"
    try:
        names = context.names(context.connections())
    except BadConfiguration as bad:
        for each in bad.faults:
            where = f"line {each.line}" if each.line else "the file"
            path = f", {each.path}" if each.path else ""
            report.add("", part, fault(f"{file}, {where}{path}: {each.what}", each.remedy))
        return False
    report.add("", part, ok(f"{file} is sound ({', '.join(names)})"))
    return True


async def _checked(context: CommandContext, report: Report, days: int, address: str) -> None:
    async with context.opened() as services:
        async for finding in alerts_are_heard(services.watch.alerting.senders):
            report.add("", "alerts_are_heard", finding)
        names = [context.connection] if context.connection else list(services.connections)
        with progress("Checks", len(names) * len(CHECKS), as_json=context.as_json) as bar:
            for name in names:
                try:
                    probe = await probe_of(services, name)
                except Never as error:
                    report.add(name, "open", fault(error.reason, error.remedy))
                    continue
                probe = replace(probe, days=days, report=bar.say, address=address)
                await _run(probe, report, bar)
                bar.say("Checks")


async def _run(probe: Probe, report: Report, bar: Bar) -> None:
    async for name, found in checked(probe):
        for finding in found:
            report.add(probe.name, name, finding)
        bar.advance()
