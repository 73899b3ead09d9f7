"""Entries of forecast models. Known by a number, which callers choose where its sequence is manual;
an entry is of a released product. Inferred from the entity's key and fields (`$metadata`)."""

from typing import Final

from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, refuse_if

TABLE: Final = "DemandForecastEntries"


def _valid(draft: Draft) -> None:
    refuse_if(
        not draft.get("ForecastModelId"), "Field 'Model' must be filled in.",
        field="ForecastModelId",
    )  # fmt: skip
    refuse_if(not draft.get("ItemNumber"), "Field 'Item number' must be filled in.")


RULES: Final = TableRules(
    "Demand forecast lines",
    numbers=(Number("ForecastEntryNumber", "Forecast entry number", "Demand forecast entry"),),
    relations=(Relation("ItemNumber", "ReleasedProductsV2", "Item number", "Released products"),),
    fixed=frozenset({"ItemNumber"}),
    validate=_valid,
)
