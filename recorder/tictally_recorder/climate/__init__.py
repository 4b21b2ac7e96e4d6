"""Use against outdoor temperature: days with their mean, degree-days, and what a degree-day takes."""

from tictally_recorder.climate.days import ClimateDay, climate_days
from tictally_recorder.climate.fit import Fit, fit_of
from tictally_recorder.climate.periods import ClimatePeriod, by_period, by_temperature, rows_of

__all__ = ["ClimateDay", "ClimatePeriod", "Fit", "by_period", "by_temperature", "climate_days", "fit_of", "rows_of"]
