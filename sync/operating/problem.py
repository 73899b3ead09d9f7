"""What stops a person's request."""


class Problem(Exception):
    """Why a request cannot be done, in words, with what to do about it. A command ends with status
    2, a page of the console with 400."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
