"""What every adapter of a port must do, whatever it stands on. An adapter's tests subclass these
suites."""

import pytest

for _suite in (
    "queue_aside",
    "queue_contract",
    "secrets_contract",
    "tables_contract",
    "tables_limits",
    "tables_reading",
):
    pytest.register_assert_rewrite(f"{__name__}.{_suite}")
