"""The commands that mend a difference."""

import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Commands:
    """Those about one record of a flow, as a person runs them."""

    connection: str
    flow: str
    key: str

    def replay(self) -> str:
        """Delivers it again."""
        return self.of(f"replay {self._key} --flow {self.flow} --yes")

    def backfill(self) -> str:
        """Delivers what was never heard of."""
        return self.of(f"backfill --flow {self.flow} --ids {self._key}")

    def forget(self) -> str:
        """Delivers it again where the target has nothing of it any more."""
        return self.of(f'forget {self.flow} {self._key} --why "gone in D365" --yes')

    def trail(self) -> str:
        """Tells what happens to it."""
        return self.of(f"trail {self._key}")

    def repair(self) -> str:
        """Sends a row of a publication again over what somebody has written there."""
        return self.of(f"drift {self.flow} --sku {self._key} --repair --yes")

    def publish(self) -> str:
        """Sends a row of a publication now."""
        return self.of(f"publish {self.flow} --sku {self._key}")

    def resolve(self, sums: str = "") -> str:
        """Stores that it is right as it is; `sums`: of a difference that only a reconciliation
        knows."""
        named = f" --sums {shlex.quote(sums)}" if sums else ""
        return self.of(f"resolve {self.flow} {self._key}{named} --why TEXT")

    def of(self, text: str) -> str:
        """Any other, in the connection."""
        return f"python -m sync {text} --connection {self.connection}"

    @property
    def _key(self) -> str:
        return shlex.quote(self.key)
