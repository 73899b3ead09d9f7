"""What a person can do where the shop does not answer us as it should."""

from datetime import timedelta
from typing import Final

UNREACHED: Final = (
    "Compare commerce.url with the shop's address, and see that this machine reaches it: name,"
    " firewall, proxy, certificate."
)
NO_URL: Final = "Check commerce.url in connections.toml: it begins with https:// and names a host."
ELSEWHERE: Final = (
    "Write the address to which the shop redirects as commerce.url: with https and the final host"
    " name."
)
NOT_THE_SHOP: Final = "Check commerce.url; a proxy before the shop may be answering in its place."
REFUSED: Final = (
    "Correct in Commerce or in the connection's settings what the answer names, then replay the"
    " record."
)
NO_SUCH_SCOPE: Final = (
    "The shop has no store view with this code: correct commerce.scope, or the codes under"
    " products.views, by the codes of Stores > All Stores."
)
NO_ACCESS: Final = {
    "saas": "Check commerce.organisation and the product profile of the credential in the Adobe"
    " Developer Console.",
    "paas": "A firewall or the hosting refuses us: allow this service's outgoing addresses for"
    " /rest.",
}


def clocks(skew: timedelta | None) -> str:
    """How far the clocks are apart; `skew`: how far the shop's is ahead, where it is known."""
    if skew is None:
        return (
            "Compare this machine's clock with the shop's: more than 10 minutes ahead is refused."
        )
    seconds = round(-skew.total_seconds())
    where = "ahead of" if seconds >= 0 else "behind"
    return (
        f"This machine's clock is {abs(seconds)} s {where} the shop's; more than 600 s ahead is"
        " refused."
    )
