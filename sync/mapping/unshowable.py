"""Why a product cannot be shown."""

from sync.core.errors import Never


class Unshowable(Exception):
    """Something of a product cannot be known, as `fault` says: the product parks."""

    def __init__(self, reason: str, *, remedy: str) -> None:
        super().__init__(reason)
        self.fault = Never(reason, remedy=remedy)
