"""A site's powers: which subscribed ones would have been enough and what they would save, and how they were spread."""

from tictally_recorder.cost.power.engine import PowerAdvice, PowerOption, advise
from tictally_recorder.cost.power.highest import DayPower, highest_powers
from tictally_recorder.cost.power.history import HistoryQuery, PowerHistory, power_history
from tictally_recorder.cost.power.loads import DayLoad, day_loads
from tictally_recorder.cost.power.query import power_advice, subscribed_kva

__all__ = [
    "DayLoad",
    "DayPower",
    "HistoryQuery",
    "PowerAdvice",
    "PowerHistory",
    "PowerOption",
    "advise",
    "day_loads",
    "highest_powers",
    "power_advice",
    "power_history",
    "subscribed_kva",
]
