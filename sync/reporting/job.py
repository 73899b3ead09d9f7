"""What one night does, on one machine and on Azure: forget, build, keep, and tell the console."""

from collections.abc import Sequence
from pathlib import Path

from sync.app.edition_parts import EditionParts
from sync.engine.report_builds import note_build
from sync.operating.reports import store, to_forget
from sync.reporting.building import Build, Built, Tell
from sync.reporting.containers import Kept
from sync.reporting.duck import opened
from sync.reporting.forecast.planned import forecast_demand_of
from sync.reporting.forgetting import forget
from sync.reporting.from_systems import Reported, sources_of
from sync.reporting.lake import alone_in
from sync.reporting.published import figures_to_show
from sync.reporting.state import State
from sync.reporting.terms import shape_of, terms_of


async def build_all(
    reported: Sequence[Reported], parts: EditionParts, keeping: Kept, folder: Path, tell: Tell
) -> Built:
    """Read all there is, and show it. Safe to repeat, wherever it was ended: an account is off the
    list of those to forget once it is gone from where the data set stays. Where orders could not be
    read, the demand that is written stays that of the build before."""
    await keeping.fetch()
    now = parts.clock.now()
    async for company, account in to_forget(parts.tables):
        with alone_in(folder), opened(folder / "spill") as duck:
            forget(duck, folder, company, [account])
        await keeping.publish()
    shape, terms = shape_of(reported), terms_of(reported)
    built = await Build(folder, parts.clock, shape, terms, tell, keeping.tick).run(
        sources_of(reported, now)
    )
    with opened(folder / "spill") as duck:
        told = [*figures_to_show(duck, folder, now, len(built.trouble))]
        faults = State.of(folder).faults
        if not any(name.startswith("orders|") for name in faults):
            await forecast_demand_of(duck, folder, reported, parts.tables, now)
    await keeping.publish()
    await store(parts.tables, told)
    await note_build(parts.tables, now, "; ".join(f"{name}: {why}" for name, why in faults.items()))
    return built
