"""The environment's settings: read once, in one place, all missing names told together."""

from collections.abc import Sequence


class SettingsMissing(Exception):
    """Settings that must be in the environment are not. `names` holds every one of them; there are no values here."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"settings are missing: {', '.join(self.names)}")
