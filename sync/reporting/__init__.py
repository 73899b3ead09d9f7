"""Reports across both systems: what both hold is landed as Parquet, put into one star model, and
asked for figures. A job of its own: nothing of the serving processes imports DuckDB."""
