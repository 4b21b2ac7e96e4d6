"""Standby: the night-time base load of each day, its trend, and what it costs a year."""

from tictally_recorder.cost.standby.base_load import BaseLoad, base_load, night_of_day
from tictally_recorder.cost.standby.imported import all_nights_of
from tictally_recorder.cost.standby.query import compute_nights, night_of, year_cost_of
from tictally_recorder.cost.standby.trend import Trend, Typical, by_period, trend
from tictally_recorder.cost.standby.year_cost import HOURS, LoadQuery, YearCost, year_cost

__all__ = [
    "HOURS",
    "BaseLoad",
    "LoadQuery",
    "Trend",
    "Typical",
    "YearCost",
    "all_nights_of",
    "base_load",
    "by_period",
    "compute_nights",
    "night_of",
    "night_of_day",
    "trend",
    "year_cost",
    "year_cost_of",
]
