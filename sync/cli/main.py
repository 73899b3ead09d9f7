"""All commands, put together. `python -m sync --help` lists them in the order in which a new
installation needs them."""

import typer

from sync.cli import (
    alerts,
    backfill,
    check,
    console,
    correcting,
    drift,
    erase,
    events,
    flows,
    health,
    init,
    left_out,
    parked,
    pausing,
    poll,
    portal,
    preview,
    publishing,
    reconcile,
    replay,
    report,
    report_figures,
    report_forecast,
    resolve,
    secrets,
    serve,
    shadow,
    skip,
    trail,
    webhooks,
    why_price,
)
from sync.cli.command import Command, Root, group
from sync.cli.mapping import app as mapping

app = typer.Typer(
    cls=Root,
    help="Adobe Commerce to Dynamics 365 Finance & Operations: exactly once, and to the cent.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
reports = group("report", "Figures across both systems, from a data set of their own.")
for command in (
    report.build, report.status, report_figures.show, report_figures.export,
    report_forecast.forecast, report_forecast.forecast_revenue, report.forget,
):  # fmt: skip
    reports.command(cls=Command)(command)
app.command(cls=Command)(init.init)
app.add_typer(secrets.app)
app.command(cls=Command)(check.check)
app.add_typer(mapping)
app.add_typer(preview.app)
app.command("shadow", cls=Command)(shadow.shadow_run)
app.command(cls=Command)(serve.serve)
app.command(cls=Command)(console.console)
app.command(cls=Command)(flows.flows)
app.command(cls=Command)(webhooks.webhooks)
app.add_typer(portal.app)
app.command(cls=Command)(health.health)
app.command(cls=Command)(alerts.alerts)
app.command(cls=Command)(poll.poll)
app.command(cls=Command)(backfill.backfill)
app.command(cls=Command)(trail.trail)
app.command(cls=Command)(parked.parked)
app.command("left-out", cls=Command)(left_out.left_out)
app.command(cls=Command)(replay.replay)
app.command(cls=Command)(resolve.resolve)
app.command(cls=Command)(skip.skip)
app.command(cls=Command)(correcting.hold)
app.command(cls=Command)(correcting.release)
app.command(cls=Command)(correcting.adopt)
app.command(cls=Command)(correcting.relink)
app.command(cls=Command)(correcting.forget)
app.command(cls=Command)(publishing.publish)
app.command(cls=Command)(publishing.touch)
app.command(cls=Command)(publishing.approve)
app.command("why-price", cls=Command)(why_price.why_price)
app.command(cls=Command)(drift.drift)
app.command("reconcile", cls=Command)(reconcile.reconcile_books)
app.add_typer(reports)
app.command(cls=Command)(pausing.pause)
app.command(cls=Command)(pausing.resume)
app.command(cls=Command)(pausing.paused)
app.command(cls=Command)(erase.erase)
app.command(cls=Command)(events.events)


def main() -> None:
    """Run the command line."""
    app(prog_name="python -m sync")
