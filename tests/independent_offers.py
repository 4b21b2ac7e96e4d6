"""What half-hours cost on market offers, computed without any code of the program from the collected figures.

Hours, weekends, seasons and colours are decided here as the collection describes them. Nothing is rounded.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

SHARED: Final = Path(__file__).parents[2] / "shared" / "data"
CURVE: Final = SHARED / "enedis" / "load_curve_30min_one_year.csv"
OFFERS: Final = SHARED / "offers" / "market_offers.csv"
COLOURS: Final = SHARED / "tempo" / "tempo_days.csv"
SOBRIETY: Final = frozenset(date(2022, 12, day) for day in (1, 2, 5, 6, 7, 8, 9, 12, 13, 14)) | frozenset(
    date(2023, 1, day) for day in (16, 17, 18, 19, 20, 23, 24, 25, 26, 27)
)
"""Days that a supplier might have announced: no list of real ones was found."""
CHOSEN: Final = 2
_NIGHT: Final = ((22.5, 24), (0, 6.5))
_SUMMER_DAY: Final = ((2, 7), (14, 17))
_HALF_HOUR: Final = timedelta(minutes=30)
_PARIS: Final = ZoneInfo("Europe/Paris")
_SIX: Final = timedelta(hours=6)
_WINTER: Final = frozenset({11, 12, 1, 2, 3})

Kind = tuple[str, str]
"""What the collection calls a kind of day and of hour."""
Offer = tuple[str, str]


def half_hours(path: Path = CURVE) -> list[tuple[datetime, int]]:
    """Local start of each half-hour, without offset, and its mean power in W."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()[3:]
    return [
        (_clock_before(datetime.fromisoformat(end)), int(watts)) for end, watts in (each.split(";") for each in lines)
    ]


def _clock_before(end: datetime) -> datetime:
    """The local start of the half-hour that ends at a time, whose offset a change of the clock may have changed."""
    return (end - _HALF_HOUR).astimezone(_PARIS).replace(tzinfo=None)


def colours() -> dict[date, str]:
    """Day on which a Tempo day begins → blue, white or red."""
    with COLOURS.open(encoding="utf-8") as file:
        return {date.fromisoformat(row["date"]): row["color"] for row in csv.DictReader(file)}


def figures(power_kva: int) -> dict[Offer, tuple[Decimal, dict[Kind, Decimal]]]:
    """Offer → subscription of a month, and prices."""
    found: dict[Offer, tuple[Decimal, dict[Kind, Decimal]]] = {}
    with OFFERS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if int(row["power_kva"]) == power_kva:
                offer = row["supplier"], row["offer"]
                _, prices = found.setdefault(offer, (Decimal(row["subscription_ttc_month"]), {}))
                prices[row["day_kind"], row["hour_kind"]] = Decimal(row["ttc_kwh"])
    return found


def _hour(at: datetime) -> float:
    return at.hour + at.minute / 60


def _in(at: datetime, *spans: tuple[float, float]) -> bool:
    return any(begin <= _hour(at) < end for begin, end in spans)


def _own(at: datetime) -> str:
    """The customer's off-peak hours: by night, from April to October partly in the afternoon."""
    return "HC" if _in(at, *(_SUMMER_DAY if 4 <= at.month <= 10 else _NIGHT)) else "HP"


def _zen_estival(at: datetime, _: Mapping[date, str]) -> Kind:
    season = "hiver" if (at - _SIX).month in _WINTER else "ete"
    night, day = _in(at, (22, 24), (0, 7)), _in(at, (11, 18))
    cheap, off_peak = (night, day) if season == "hiver" else (day, night)
    return (f"{season}SC", "all") if cheap else (season, "HC" if off_peak else "HP")


def _octotempo(at: datetime, colour: Mapping[date, str]) -> Kind:
    day = (at - _SIX).date()
    night = _in(at, (21, 24), (0, 7))
    if colour[day] == "red":
        return "rouge", "HC" if night else "HP"
    if day.month in _WINTER:
        return "hiver", "HC" if night else "HP"
    return "ete", "HC" if night or _in(at, (11, 17)) else "HP"


def _alterna(at: datetime, _: Mapping[date, str]) -> Kind:
    is_peak, is_day = _in(at, (7, 11), (18, 23)), _in(at, (11, 18))
    if at.month in _WINTER:
        return ("hpHiver" if is_peak else "hcHiver" if is_day else "hscHiver"), "all"
    return ("hpEte" if is_peak else "hscEte" if is_day else "hcEte"), "all"


def _enercoop(at: datetime, _: Mapping[date, str]) -> Kind:
    day = (at - _SIX).date()
    season, cheap = ("hiver", ((0, 7), (13, 16))) if day.month in _WINTER else ("ete", ((11, 17),))
    return season, "HC" if day.weekday() >= 5 or _in(at, *cheap) else "HP"


def _charge_heures(at: datetime, _: Mapping[date, str]) -> Kind:
    if _in(at, (2, 6)):
        return "hsc", "all"
    return "base", "HC" if _in(at, (23, 24), (0, 7)) else "HP"


def _flex(at: datetime, _: Mapping[date, str]) -> Kind:
    hour = "HC" if _in(at, (0, 8), (13, 18), (20, 24)) else "HP"
    return ("sobriete" if at.date() in SOBRIETY else "bleu"), hour


def _weekend(*, is_plus: bool, is_hphc: bool) -> Callable[[datetime, Mapping[date, str]], Kind]:
    def kind(at: datetime, _: Mapping[date, str]) -> Kind:
        if at.weekday() in ({5, 6, CHOSEN} if is_plus else {5, 6}):
            return "weekend", "all"
        return "bleu", _own(at) if is_hphc else "all"

    return kind


def _happy(begin: int) -> Callable[[datetime, Mapping[date, str]], Kind]:
    return lambda at, _: ("happy", "all") if _in(at, (begin, begin + 2)) else ("bleu", _own(at))


def kind_of(offer: Offer) -> Callable[[datetime, Mapping[date, str]], Kind]:
    """What decides the kind of a local time on an offer, given the colours of days."""
    _, name = offer
    by_name: dict[str, Callable[[datetime, Mapping[date, str]], Kind]] = {
        "Zen Estival": _zen_estival,
        "OctoTempo": _octotempo,
        "Heures Super Creuses": _alterna,
        "Offre Flexibilité 2 Saisons": _enercoop,
        "Charge'Heures": _charge_heures,
        "Zen Week-End Option Flex": _flex,
    }
    if name in by_name:
        return by_name[name]
    if name.startswith("Happy"):
        return _happy(int(name.split(" - ")[1][:2]))
    is_hphc = name.lower().endswith(("hc", "heures creuses", "heures creuses locale", "auto"))
    if "Week-End" in name:
        return _weekend(is_plus="Plus" in name, is_hphc=is_hphc)
    return lambda at, _: ("bleu", _own(at) if is_hphc else "all")


def energy_kwh(offer: Offer, curve: Iterable[tuple[datetime, int]], colour: Mapping[date, str]) -> dict[Kind, Decimal]:
    """Kind of day and hour → what was used in it."""
    kind, watts_of = kind_of(offer), defaultdict[Kind, int](int)
    for at, watts in curve:
        watts_of[kind(at, colour)] += watts
    return {each: Decimal(watts) / 2000 for each, watts in watts_of.items()}


def tempo_kwh(curve: Iterable[tuple[datetime, int]], colour: Mapping[date, str]) -> dict[str, Decimal]:
    """Tempo's periods, as `HC blue`, → what was used in them."""
    found = defaultdict[str, int](int)
    for at, watts in curve:
        found[f"{'HC' if _in(at, (22, 24), (0, 6)) else 'HP'} {colour[(at - _SIX).date()]}"] += watts
    return {each: Decimal(watts) / 2000 for each, watts in found.items()}


def subscriptions(monthly: Decimal, first: date, count: int) -> Decimal:
    """What some days cost of a month's subscription: of each its month's share."""
    total = Decimal(0)
    for day in (first + timedelta(days=number) for number in range(count)):
        after = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        total += monthly / (after - day.replace(day=1)).days
    return total
