"""Use against outdoor temperature: days with their mean, degree-days, and what a degree-day takes."""

from tictally_recorder.climate.days import ClimateDay, climate_days, mean_temperatures
from tictally_recorder.climate.effect import MOST_SURE, Estimate, Line, line_of, line_saving, mean_saving
from tictally_recorder.climate.fit import Fit, fit_of
from tictally_recorder.climate.periods import ClimatePeriod, by_period, by_temperature, rows_of

__all__ = [
    "MOST_SURE",
    "ClimateDay",
    "ClimatePeriod",
    "Estimate",
    "Fit",
    "Line",
    "by_period",
    "by_temperature",
    "climate_days",
    "fit_of",
    "line_of",
    "line_saving",
    "mean_saving",
    "mean_temperatures",
    "rows_of",
]
