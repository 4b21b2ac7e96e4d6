"""All dashboards, in the order of their links."""

from collections.abc import Callable
from typing import Final

from devel.dashboards.dashboard import Dashboard
from devel.dashboards.line import line
from devel.dashboards.live import live
from devel.dashboards.month import month
from devel.dashboards.tariff import tariff
from devel.dashboards.words import Translator
from devel.dashboards.year import year
from devel.dashboards.years import years

DASHBOARDS: Final[tuple[Callable[[Translator], Dashboard], ...]] = (live, month, year, years, tariff, line)
