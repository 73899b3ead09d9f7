"""Who is signed in, as the shop's own module signs it for five minutes (HS256)."""

from datetime import datetime, timedelta
from typing import Final

import jwt

SIGNED_FOR: Final = timedelta(minutes=5)
LEEWAY: Final = timedelta(seconds=30)
"""How far the shop's clock may be from ours."""


def signed_customer(token: str, key: str, connection: str, now: datetime) -> int | None:
    """The customer whom a token for this connection names; None where it is none of ours, or is
    over."""
    try:
        claims = jwt.decode(
            token, key, algorithms=["HS256"], audience=connection, leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub", "aud"], "verify_exp": False,
                     "verify_iat": False},
        )  # fmt: skip
    except jwt.InvalidTokenError:
        return None
    begun, ends = claims["iat"], claims["exp"]
    moment, most = now.timestamp(), SIGNED_FOR.total_seconds()
    near = LEEWAY.total_seconds()
    is_fresh = begun - near <= moment < ends + near and 0 < ends - begun <= most
    subject = str(claims["sub"])
    return int(subject) if is_fresh and subject.isdecimal() else None
