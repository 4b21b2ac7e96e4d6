"""A comparison goes by each day's own contract, takes no hours for those of another tariff, and shows what it knows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import cast

import pytest
from cost_building import BASE, HPHC, PARIS, SITE, d, days, midnight_ms, tariff, version

from tictally_recorder.cost.compare import Assumed, Offer, offers
from tictally_recorder.cost.compare.consumption import SiteConsumption
from tictally_recorder.cost.compare.model import Offers
from tictally_recorder.cost.compare.series_offers import Compared, series_offers
from tictally_recorder.cost.contracts import Contract
from tictally_recorder.cost.contracts.model import OffPeak
from tictally_recorder.cost.model import Use
from tictally_recorder.cost.query import SiteDays
from tictally_recorder.energy import EnergyRow
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.tariffs.catalogue import TariffCatalogue
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.period_rules import DayList, PeriodRule, PeriodRules
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS

FRIDAY, SATURDAY = d("2025-06-13"), d("2025-06-14")
NIGHT = ((time(22), time(6)),)
NOON = ((time(0), time(6)), (time(12), time(14)))
WEEKEND = tariff(
    "weekend",
    ("HC", "HP", "WE"),
    version("weekend", "2025-01-01", {"HC": "0.1", "HP": "0.2", "WE": "0.3"}, {None: "30"}),
)
SUPER = tariff(
    "super",
    ("HSC", "HC", "HP"),
    version("super", "2025-01-01", {"HSC": "0.05", "HC": "0.1", "HP": "0.2"}, {None: "30"}),
)
REGULATED = "H PLEINE/CREUSE"


def contract(tariff_id: str, **more: object) -> Contract:
    return replace(Contract(SITE, tariff_id, d("2000-01-01"), power_kva=6), **more)  # type: ignore[arg-type]


def quarters(
    day: date, *, ngtf: str | None = None, registers: Mapping[str, str | None] | None = None
) -> Iterator[EnergyRow]:
    """100 Wh in each quarter of a day: by EAST, and by EASF01 at night, EASF02 else, or EASF03 at weekends."""
    names = registers or {}
    for n in range(96):
        start_ms = midnight_ms(day) + n * QUARTER_MS
        hour = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(PARIS).hour
        counting = "EASF01" if hour < 6 or hour >= 22 else "EASF02"
        if "EASF03" in names and day.weekday() >= 5:
            counting = "EASF03"
        for register in ("EAST", "EASF01", "EASF02", "EASF03"):
            wh = 100 if register in {"EAST", counting} else 0
            yield EnergyRow(
                start_ms, start_ms + QUARTER_MS, SITE, register, names.get(register), ngtf, "Wh", wh,
                start_ms, start_ms + QUARTER_MS, first_value=0, last_value=wh, covered=1, quarters=1,
            )  # fmt: skip


def compared(
    contracts: Mapping[date, Contract | None],
    *tariffs: Tariff,
    ngtf: str = REGULATED,
    registers: Mapping[str, str | None] | None = None,
    assumed: Assumed | None = None,
) -> Offers:
    rows = [row for day in contracts for row in quarters(day, ngtf=ngtf, registers=registers)]
    use = Use(SITE, (), rows)
    return offers(SiteConsumption.of(use, PARIS), contracts, tariffs, assumed or Assumed(power_kva=6), PARIS)


def of(found: Offers, tariff_id: str, power: int | None = 6) -> Offer:
    (offer,) = [each for each in found.all if (each.tariff, each.power_kva) == (tariff_id, power)]
    return offer


def codes(offer: Offer) -> dict[str, tuple[date, ...]]:
    return {reason.code.value: of_reason for reason, of_reason in offer.unknown.items()}


def test_each_day_has_the_off_peak_hours_of_its_own_contract() -> None:
    march = contract("base", off_peak=(OffPeak(NIGHT),))
    april = contract("base", off_peak=(OffPeak(NOON),))
    first, second = (
        of(compared({day: each}, HPHC, ngtf="BASE"), "hphc") for day, each in ((FRIDAY, march), (SATURDAY, april))
    )
    both = compared({FRIDAY: march, SATURDAY: april}, HPHC, ngtf="BASE")
    assert first.energy_wh == {"HC": 3200, "HP": 6400}
    assert second.energy_wh == {"HC": 3200, "HP": 6400}
    assert first.amount is not None
    assert second.amount is not None
    assert of(both, "hphc").amount == first.amount + second.amount
    assert both.off_peak_hours == {FRIDAY: NIGHT, SATURDAY: NOON}


def test_a_day_whose_off_peak_hours_are_unknown_is_unknown_and_the_others_are_priced() -> None:
    week = days("2025-06-09", "2025-06-16")
    contracts: dict[date, Contract | None] = dict.fromkeys(week, contract("base", off_peak=(OffPeak(NIGHT),)))
    contracts[week[-1]] = contract("base")
    offer = of(compared(contracts, HPHC, ngtf="BASE"), "hphc")
    # 3.2 x 0.1696 + 6.4 x 0.2146 + 14.04 / 30
    assert (
        offer.amount
        == 7 * (Decimal("3.2") * Decimal("0.1696") + Decimal("6.4") * Decimal("0.2146")) + 7 * Decimal("14.04") / 30
    )
    assert offer.days == tuple(week[:-1])
    assert offer.energy_wh == {"HC": 7 * 3200, "HP": 7 * 6400}
    assert not offer.is_complete
    assert codes(offer) == {"off_peak_hours_unknown": (week[-1],)}


def test_each_day_has_the_aliases_of_its_own_contract() -> None:
    names = {"EASF01": "CREUSES", "EASF02": "PLEINES"}
    own = tariff("own", ("NIGHT", "DAY"), version("own", "2025-01-01", {"NIGHT": "0.1", "DAY": "0.2"}, {None: "30"}))
    before = contract("own", aliases={"CREUSES": "NIGHT", "PLEINES": "DAY"})
    after = contract("own", aliases={"CREUSES": "DAY", "PLEINES": "NIGHT"})
    found = compared({FRIDAY: before, SATURDAY: after}, own, ngtf="THEIRS", registers=names)
    assert of(found, "own").energy_wh == {"NIGHT": 3200 + 6400, "DAY": 6400 + 3200}


@pytest.mark.parametrize("other", [WEEKEND, SUPER])
@pytest.mark.parametrize("on", [HPHC, BASE])
def test_a_tariff_with_periods_of_its_own_is_unknown_on_a_regulated_meter(other: Tariff, on: Tariff) -> None:
    ngtf = REGULATED if on is HPHC else "BASE"
    offer = of(compared({SATURDAY: contract(on.id, off_peak=(OffPeak(NIGHT),))}, other, ngtf=ngtf), other.id)
    assert (offer.amount, codes(offer)) == (None, {"no_register_for_periods": (SATURDAY,)})


def test_the_contracts_own_tariff_is_priced_by_the_meters_registers() -> None:
    names = {"EASF01": "CREUSES", "EASF02": "PLEINES", "EASF03": "WEEK-END"}
    own = contract("weekend", aliases={"CREUSES": "HC", "PLEINES": "HP", "EASF03": "WE"})
    same = tariff("same-names", WEEKEND.periods, *(replace(each, tariff="same-names") for each in WEEKEND.versions))
    found = compared({FRIDAY: own, SATURDAY: own}, WEEKEND, same, HPHC, ngtf="HC SEM WE", registers=names)
    assert of(found, "weekend").energy_wh == {"HC": 3200, "HP": 6400, "WE": 9600}
    # Another supplier's weekend may be another one, and a regulated contract has other off-peak hours.
    assert codes(of(found, "same-names")) == {"no_register_for_periods": (FRIDAY, SATURDAY)}
    assert codes(of(found, "hphc")) == {"off_peak_hours_unknown": (FRIDAY, SATURDAY)}


def on_rules(tariff_: Tariff, *rules: PeriodRule, lists: Mapping[str, DayList] | None = None) -> Tariff:
    return replace(tariff_, rules=PeriodRules(rules, lists=lists))


WEEKEND_BY_RULES = on_rules(
    WEEKEND,
    PeriodRule("WE", weekdays=frozenset({5, 6}), has_chosen_weekday=True),
    PeriodRule("HC", is_off_peak=True),
    PeriodRule("HP"),
)
SUPER_BY_RULES = on_rules(
    SUPER,
    PeriodRule("HSC", ((time(2), time(6)),)),
    PeriodRule("HC", ((time(23), time(7)),)),
    PeriodRule("HP"),
)


def test_a_tariffs_own_rules_divide_what_the_meter_does_not() -> None:
    on = contract("base", off_peak=(OffPeak(NIGHT),), chosen_weekday=2)
    found = compared({FRIDAY: on, SATURDAY: on}, WEEKEND_BY_RULES, SUPER_BY_RULES, ngtf="BASE")
    assert of(found, "weekend").energy_wh == {"HC": 3200, "HP": 6400, "WE": 9600}
    assert of(found, "super").energy_wh == {"HSC": 2 * 1600, "HC": 2 * 1600, "HP": 2 * 6400}
    # 3.2 x 0.1 + 6.4 x 0.2 + 9.6 x 0.3 + 2 x 30 / 30
    assert of(found, "weekend").amount == Decimal("6.48")
    assert found.off_peak_hours == {FRIDAY: NIGHT}


def test_off_peak_hours_of_rules_are_those_that_a_meter_on_hp_hc_counts() -> None:
    on = contract("hphc", off_peak=(OffPeak(NOON),), chosen_weekday=2)
    found = compared({FRIDAY: on, SATURDAY: on}, WEEKEND_BY_RULES)
    assert of(found, "weekend").energy_wh == {"HC": 3200, "HP": 6400, "WE": 9600}
    assert found.off_peak_hours == {}
    given = compared({FRIDAY: on}, WEEKEND_BY_RULES, assumed=Assumed(((time(0), time(5)),), power_kva=6))
    assert of(given, "weekend").energy_wh == {"HC": 2000, "HP": 7600, "WE": 0}


def test_what_rules_need_and_nobody_knows_leaves_the_day_unknown() -> None:
    found = compared({FRIDAY: contract("base"), SATURDAY: contract("base")}, WEEKEND_BY_RULES, ngtf="BASE")
    offer = of(found, "weekend")
    assert codes(offer) == {"chosen_weekday_unknown": (FRIDAY,)}
    assert (offer.days, offer.energy_wh) == ((SATURDAY,), {"HC": 0, "HP": 0, "WE": 9600})
    chosen = Assumed(chosen_weekday=4, power_kva=6)
    found = compared({FRIDAY: contract("base")}, WEEKEND_BY_RULES, ngtf="BASE", assumed=chosen)
    assert of(found, "weekend").energy_wh == {"HC": 0, "HP": 0, "WE": 9600}


def test_a_list_of_days_is_known_for_its_time_only() -> None:
    announced = {"sobriety": DayList(FRIDAY, FRIDAY, frozenset({FRIDAY}))}
    flex = on_rules(
        WEEKEND, PeriodRule("WE", days="sobriety"), PeriodRule("HC", NIGHT), PeriodRule("HP"), lists=announced
    )
    offer = of(compared(dict.fromkeys((FRIDAY, SATURDAY), contract("base")), flex, ngtf="BASE"), "weekend")
    assert offer.energy_wh == {"HC": 0, "HP": 0, "WE": 9600}
    assert codes(offer) == {"no_list_of_days": (SATURDAY,)}


@pytest.mark.parametrize("ngtf", ["BASE", REGULATED])
def test_hours_of_a_regulated_option_are_never_those_of_rules(ngtf: str) -> None:
    fixed = on_rules(replace(HPHC, id="hphc"), PeriodRule("HC", ((time(0), time(9)),)), PeriodRule("HP"))
    for on in (contract("hphc"), contract("base")):
        assert of(compared({FRIDAY: on}, fixed, ngtf=ngtf), "hphc").energy_wh == {"HC": 3600, "HP": 6000}


def test_registers_of_the_contracts_own_calendar_go_before_its_rules() -> None:
    names = {"EASF01": "CREUSES", "EASF02": "PLEINES", "EASF03": "WEEK-END"}
    own = contract("weekend", aliases={"CREUSES": "HC", "PLEINES": "HP", "EASF03": "WE"})
    same = replace(WEEKEND_BY_RULES, id="same-rules")
    found = compared({FRIDAY: own, SATURDAY: own}, WEEKEND_BY_RULES, same, ngtf="HC SEM WE", registers=names)
    assert of(found, "weekend").energy_wh == {"HC": 3200, "HP": 6400, "WE": 9600}
    # By the rules, neither the chosen weekday nor the off-peak hours are known.
    assert codes(of(found, "same-rules")) == {"chosen_weekday_unknown": (FRIDAY,)}


def test_the_contracts_own_tariff_is_unknown_where_the_meter_counts_fewer_periods() -> None:
    names = {"EASF01": "HEURE CREUSE", "EASF02": "HEURE PLEINE"}
    offer = of(compared({SATURDAY: contract("weekend")}, WEEKEND, registers=names), "weekend")
    assert (offer.amount, codes(offer)) == (None, {"no_register_for_periods": (SATURDAY,)})


def test_a_period_whose_register_has_no_name_yet_counted_nothing() -> None:
    names = {"EASF01": "HC", "EASF02": "HP"}
    offer = of(compared({FRIDAY: contract("weekend")}, WEEKEND, ngtf="HC SEM WE", registers=names), "weekend")
    assert offer.energy_wh == {"HC": 3200, "HP": 6400, "WE": 0}


def test_a_contract_that_ended_makes_its_tariff_unknown_on_the_days_after() -> None:
    names = {"EASF01": "HC", "EASF02": "HP", "EASF03": "WE"}
    contracts = {FRIDAY: contract("weekend"), SATURDAY: contract("hphc")}
    offer = of(compared(contracts, WEEKEND, ngtf="HC SEM WE", registers=names), "weekend")
    assert (offer.days, codes(offer)) == ((FRIDAY,), {"no_register_for_periods": (SATURDAY,)})


def test_a_meter_on_off_peak_and_peak_divides_by_its_registers_without_any_hours() -> None:
    found = compared({FRIDAY: contract("hphc")}, HPHC)
    assert of(found, "hphc").energy_wh == {"HC": 3200, "HP": 6400}
    assert found.off_peak_hours == {}


def test_hours_that_are_given_win_over_registers_and_contract() -> None:
    wish = Assumed(off_peak_hours=NOON, power_kva=6)
    found = compared({FRIDAY: contract("hphc", off_peak=(OffPeak(NIGHT),))}, HPHC, assumed=wish)
    assert found.off_peak_hours == {FRIDAY: NOON}
    assert of(found, "hphc").energy_wh == {"HC": 3200, "HP": 6400}


def test_a_regulated_meter_with_aliases_still_counts_off_peak_and_peak() -> None:
    names = {"EASF01": "HEURE CREUSE", "EASF02": "HEURE PLEINE"}
    others = contract("others", aliases={"HEURE CREUSE": "NIGHT", "HP": "DAY"})
    own = tariff(
        "others", ("NIGHT", "DAY"), version("others", "2025-01-01", {"NIGHT": "0.1", "DAY": "0.2"}, {None: "30"})
    )
    found = compared({FRIDAY: others}, HPHC, own, registers=names)
    assert of(found, "hphc").energy_wh == {"HC": 3200, "HP": 6400}
    assert of(found, "others").energy_wh == {"NIGHT": 3200, "DAY": 6400}


def test_a_day_without_contract_divides_by_what_the_meter_counts() -> None:
    found = compared({FRIDAY: None, SATURDAY: contract("hphc")}, HPHC, BASE)
    assert of(found, "hphc").is_complete
    assert of(found, "base").energy_wh == {"BASE": 2 * 9600}


def test_a_day_without_frames_costs_only_itself() -> None:
    contracts = {FRIDAY: contract("base"), SATURDAY: contract("base")}
    rows = list(quarters(FRIDAY))
    found = offers(SiteConsumption.of(Use(SITE, (), rows), PARIS), contracts, [BASE], Assumed(power_kva=6), PARIS)
    offer = of(found, "base")
    assert offer.amount is not None
    assert (offer.days, codes(offer)) == ((FRIDAY,), {"no_frames": (SATURDAY,)})
    assert offer.days[0] + timedelta(days=1) == SATURDAY


def test_a_day_on_a_price_series_is_priced_quarter_by_quarter() -> None:
    dynamic = replace(tariff("dynamic", (), version("dynamic", "2025-01-01", {}, {None: "30"})), series=True)
    start_ms = midnight_ms(FRIDAY)
    hours = [start_ms + n * 4 * QUARTER_MS for n in range(24)]
    prices = Series([Step(at, at + 4 * QUARTER_MS, Decimal(n - 2) / 100) for n, at in enumerate(hours)])
    contracts: dict[date, Contract | None] = dict.fromkeys((FRIDAY, SATURDAY), contract("base"))
    rows = [row for day in contracts for row in quarters(day)]
    found = Compared(
        SiteDays(Site(SITE, (), ()), FRIDAY, SATURDAY + timedelta(days=1), PARIS),
        contracts,
        SiteConsumption.of(Use(SITE, (), rows), PARIS),
        Assumed(power_kva=6),
    )
    # Nothing is read of the ledger: all quarter-hours are measured.
    (offer,) = series_offers(
        cast("LedgerReader", None), found, TariffCatalogue({"dynamic": dynamic}, {"dynamic": prices})
    )
    # 0.4 kWh an hour at -0.02, -0.01 ... 0.21: 0.4 x 2.28; 30 / 30 for the day of June
    assert offer.amount == Decimal("0.912") + 1
    assert (offer.days, offer.energy_wh) == ((FRIDAY,), {"TOTAL": 9600})
    assert codes(offer) == {"no_prices_then": (SATURDAY,)}
