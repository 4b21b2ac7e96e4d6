"""Which subscribed powers a site's highest powers would have allowed, and what they would save."""

from tictally_recorder.cost.power.engine import PowerAdvice, PowerOption, advise
from tictally_recorder.cost.power.highest import DayPower, highest_powers
from tictally_recorder.cost.power.query import power_advice

__all__ = ["DayPower", "PowerAdvice", "PowerOption", "advise", "highest_powers", "power_advice"]
