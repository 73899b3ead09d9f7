"""The console's pages as pictures, for docs/console.md.

`python -m tests.console.screenshots`
"""

from pathlib import Path
from typing import Any, Final

from sync.console.links import BASE
from tests.console.test_browser import Site, sites

FOLDER: Final = Path(__file__).parents[2] / "docs" / "console"
SHOWN: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "overview": ("", {}),
    "parked": ("/parked", {}),
    "record": ("/record?connection=shop&flow=orders&key={delivered}", {}),
    "replay-dark": ("/replay?connection=shop&flow=orders&key={other}", {"color_scheme": "dark"}),
    "telephone": ("/parked", {"viewport": {"width": 320, "height": 640}}),
}


def main() -> None:
    for site in sites():
        for name, (path, options) in SHOWN.items():
            take(site, name, path, {"viewport": {"width": 1100, "height": 700}, **options})


def take(site: Site, name: str, path: str, options: dict[str, Any]) -> None:
    page = site.opened(**options)
    page.goto(f"{site.url}{BASE}{path.format(**site.keys)}")
    page.screenshot(path=FOLDER / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    main()
