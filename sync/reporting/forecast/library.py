"""Methods of the library statsforecast behind the interface of our own: an optional extra, loaded
in the job that forecasts and nowhere else."""

from collections.abc import Callable, Mapping
from typing import Any

from sync.core.errors import Never
from sync.reporting.forecast.methods import YEAR, Method, Series, is_intermittent

Library = Callable[[Series], Mapping[str, Method]]
"""What may be asked of a series on top of our own methods."""


def nothing(_: Series) -> Mapping[str, Method]:
    """Our own methods alone."""
    return {}


def statsforecast() -> Library:
    """ADIDA and IMAPA for intermittent demand; exponential smoothing, Theta and, from three years
    on, a seasonal decomposition (MSTL) for other. Raises `Never` where it is not installed."""
    try:
        from statsforecast import models  # noqa: PLC0415 - hundreds of megabytes, wanted by few
    except ImportError:
        raise Never(
            "statsforecast is not installed here",
            remedy="Install it: python -m pip install -r requirements-forecast.txt",
        ) from None

    def methods(past: Series) -> Mapping[str, Method]:
        if is_intermittent(past):
            found = {"ADIDA": models.ADIDA, "IMAPA": models.IMAPA}
        else:
            found = {"AutoETS": models.AutoETS, "AutoTheta": models.AutoTheta}
            if len(past) >= 3 * YEAR:
                found["MSTL"] = lambda: models.MSTL(season_length=YEAR)
        return {name: _method(make) for name, make in found.items()}

    return methods


def _method(make: Callable[[], Any]) -> Method:
    def method(past: Series, weeks: int) -> list[float]:
        from numpy import asarray  # noqa: PLC0415 - comes with the library

        found = make().forecast(y=asarray(past, dtype=float), h=weeks)["mean"]
        return [max(float(one), 0.0) for one in found]

    return method
