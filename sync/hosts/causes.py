"""What may be logged of an exception: its kind and its place, and its words only where they are our
own.

The words of other people's exceptions may quote what they choked on (a customer's address, a
header); ours do not.
"""

import traceback
from pathlib import Path


def cause(error: BaseException) -> str:
    """One line: `Later: order 42 is locked`, or `KeyError at sync/flows/orders/orders.py:31 in
    deliver`."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    kind = type(error)
    if kind.__module__.split(".")[0] == "sync":
        return f"{kind.__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return kind.__name__
    ours = [frame for frame in frames if "sync" in Path(frame.filename).parts] or list(frames)
    frame = ours[-1]
    place = f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno}"
    return f"{kind.__name__} at {place} in {frame.name}"
