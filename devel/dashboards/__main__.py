"""Writes the dashboards to deploy/grafana/dashboards, in every language: `./run dashboards`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from devel.dashboards.dashboard import Dashboard
from devel.dashboards.line import line
from devel.dashboards.live import live
from devel.dashboards.month import month
from devel.dashboards.tariff import tariff
from devel.dashboards.words import LANGUAGES, Translator
from devel.dashboards.year import year
from devel.dashboards.years import years

DASHBOARDS: Final[tuple[Callable[[Translator], Dashboard], ...]] = (live, month, year, years, tariff, line)


FOLDER: Final = Path(__file__).parent.parent.parent / "deploy" / "grafana" / "dashboards"


def files() -> Iterator[tuple[Path, str]]:
    """Each file with its content."""
    for language in LANGUAGES:
        tr = Translator(language)
        for make in DASHBOARDS:
            dashboard = make(tr)
            text = json.dumps(dashboard.json(tr), ensure_ascii=False, indent=2)
            yield FOLDER / language / f"{dashboard.key}.json", f"{text}\n"


def main() -> None:
    """Writes them, and takes away those that are no more."""
    written = dict(files())
    for old in set(FOLDER.glob("*/*.json")) - written.keys():
        old.unlink()
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
