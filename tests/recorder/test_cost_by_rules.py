"""Cost on a tariff with rules of its own: by the meter's registers where these count its periods, else by the rules."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby
from typing import Final

import pytest
from cost_building import PARIS, SITE, d, days, midnight_ms, tariff, version

from tictally_recorder.cost import CostRow, Quality, Terms, Use, cost
from tictally_recorder.cost.codec import from_day, to_day
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.contracts.model import OffPeak
from tictally_recorder.cost.engine import days_by_quarter
from tictally_recorder.cost.fingerprint import Fingerprints
from tictally_recorder.energy import EnergyRow
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.period_rules import PeriodRule, PeriodRules
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms
from tictally_shared.status_register import Colour

NIGHT: Final = ((time(22), time(6)),)
FRIDAY, SATURDAY = d("2025-06-13"), d("2025-06-14")
WEEKEND: Final = replace(
    tariff(
        "weekend",
        ("HC", "HP", "WE"),
        version("weekend", "2025-01-01", {"HC": "0.1", "HP": "0.2", "WE": "0.3"}, {None: "30"}),
    ),
    rules=PeriodRules(
        [PeriodRule("WE", weekdays=frozenset({5, 6})), PeriodRule("HC", is_off_peak=True), PeriodRule("HP")]
    ),
)
RED_DAYS: Final = replace(
    tariff("red", ("ROUGE", "HP"), version("red", "2025-01-01", {"ROUGE": "0.6", "HP": "0.2"}, {None: "30"})),
    rules=PeriodRules([PeriodRule("ROUGE", colours=frozenset({Colour.ROUGE})), PeriodRule("HP")], time(6)),
)
BY_NIGHT: Final = {"HC": 3200, "HP": 6400}


def quarters(day: date, registers: Iterable[str], ngtf: str | None) -> list[EnergyRow]:
    """100 Wh in each quarter of a day, by EASF01 at night and EASF02 else, and by each other register."""
    found, (start_ms, end_ms) = [], day_bounds_ms(day, PARIS)
    values: dict[str, int] = {}
    for at in range(start_ms, end_ms, QUARTER_MS):
        hour = datetime.fromtimestamp(at / 1000, UTC).astimezone(PARIS).hour
        counting = "EASF01" if hour < 6 or hour >= 22 else "EASF02"
        for register in registers:
            wh = 0 if register.startswith("EASF") and register != counting else 100
            first = values.get(register, 1000)
            values[register] = first + wh
            found.append(EnergyRow(
                at, at + QUARTER_MS, SITE, register, None, ngtf, "Wh", wh, at, at + QUARTER_MS,
                first_value=first, last_value=first + wh, covered=1, quarters=1,
            ))  # fmt: skip
    return found


def whole(rows: Iterable[EnergyRow], day: date) -> list[EnergyRow]:
    """The same by day."""
    found = []
    for _, each in groupby(sorted(rows, key=lambda row: (row.register, row.start_ms)), lambda row: row.register):
        first, *others = each
        for other in others:
            first = first.joined(other)
        found.append(replace(first, start_ms=midnight_ms(day)))
    return found


def costs(
    on: Contract,
    by: Tariff,
    wanted: Iterable[date],
    meter: tuple[str, ...] = ("BASE", "EAST"),
    colours: Mapping[date, Colour] | None = None,
) -> list[CostRow]:
    """What some days cost; of the meter its option and its registers."""
    wanted, (ngtf, *registers) = list(wanted), meter
    rows = [row for day in wanted for row in quarters(day, registers, ngtf)]
    of_days = [row for day in wanted for row in whole(quarters(day, registers, ngtf), day)]
    terms = Terms(Contracts([on]), {by.id: by}, colours=colours or {})
    assert days_by_quarter(SITE, wanted, terms) == set(wanted)
    return cost(Use(SITE, of_days, rows), wanted, terms, PARIS)


def energy(rows: Iterable[CostRow]) -> dict[str, int]:
    return {str(row.period): row.energy_wh for row in rows if row.period and row.energy_wh}


def contract(tariff_id: str, *off_peak: OffPeak, **more: Mapping[str, str]) -> Contract:
    return Contract(SITE, tariff_id, d("2025-01-01"), off_peak=off_peak, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("registers", [("EAST",), ("BASE",), ("EAST", "EASF01", "EASF02")])
def test_rules_divide_what_no_register_of_the_tariff_counts(registers: tuple[str, ...]) -> None:
    rows = costs(contract("weekend", OffPeak(NIGHT)), WEEKEND, [FRIDAY, SATURDAY], ("THEIRS", *registers))
    assert energy(row for row in rows if row.day == FRIDAY) == BY_NIGHT
    assert energy(row for row in rows if row.day == SATURDAY) == {"WE": 9600}
    # 3.2 x 0.1 + 6.4 x 0.2 + 30 / 30, and 9.6 x 0.3 + 30 / 30
    assert [sum(row.amount or 0 for row in rows if row.day == day) for day in (FRIDAY, SATURDAY)] == [
        Decimal("2.6"),
        Decimal("3.88"),
    ]
    divided = [row for row in rows if row.parts]
    assert {row.quality for row in divided} == {Quality.ESTIMATED}
    assert all(part.is_divided for row in divided for part in row.parts)
    assert all(part.energy_wh == part.last_value - part.first_value for row in divided for part in row.parts)
    nothing = [row for row in rows if row.period and not row.parts]
    assert {(row.amount, row.quality) for row in nothing} == {(Decimal(0), Quality.MEASURED)}


def test_a_meter_on_hp_hc_shows_the_off_peak_hours_itself() -> None:
    noon = OffPeak(((time(12), time(14)),))
    rows = costs(contract("weekend", noon), WEEKEND, [FRIDAY], ("H PLEINE/CREUSE", "EAST", "EASF01", "EASF02"))
    assert energy(rows) == BY_NIGHT


def test_registers_of_the_tariff_go_before_its_rules() -> None:
    meter = ("THEIRS", "EAST", "EASF01", "EASF02", "EASF03")
    aliases = {"EASF01": "HC", "EASF02": "WE", "EASF03": "HP"}
    rows = costs(contract("weekend", aliases=aliases), WEEKEND, [FRIDAY], meter)
    assert energy(rows) == {"HC": 3200, "WE": 6400}
    assert {row.quality for row in rows} == {Quality.MEASURED}
    assert not any(part.is_divided for row in rows for part in row.parts)


def test_off_peak_hours_that_nobody_knows_leave_the_day_unknown() -> None:
    rows = costs(contract("weekend"), WEEKEND, [FRIDAY, SATURDAY])
    found = {(row.day, row.period): row for row in rows}
    reasons = {row.reason.code.value for row in rows if row.reason}
    assert reasons == {"off_peak_hours_unknown"}
    assert [found[FRIDAY, period].amount for period in ("HC", "HP", "WE")] == [None, None, None]
    assert found[SATURDAY, "WE"].amount == Decimal("2.88")


def test_a_colour_that_is_unknown_leaves_a_part_of_the_day_unknown() -> None:
    colours = {d("2025-12-02"): Colour.ROUGE}
    rows = costs(contract("red"), RED_DAYS, days("2025-12-02", "2025-12-03"), colours=colours)
    found = {(row.day, row.period): row for row in rows}
    second, third = days("2025-12-02", "2025-12-03")
    # Until 06:00 the first day is of the day before, whose colour is unknown; the second is of the red one.
    assert found[second, "ROUGE"].energy_wh == 18 * 400
    assert found[third, "ROUGE"].energy_wh == 6 * 400
    for day in (second, third):
        missing = found[day, "unmetered"]
        assert (missing.amount, missing.reason and missing.reason.code.value) == (None, "tempo_colour_unknown")
        assert found[day, "HP"].amount is None


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25)])
def test_days_of_a_clock_change_are_divided_whole(day: str, hours: int) -> None:
    by_night = replace(
        WEEKEND, rules=PeriodRules([PeriodRule("WE", NIGHT), PeriodRule("HC", hours_of(12, 14)), PeriodRule("HP")])
    )
    rows = costs(contract("weekend"), by_night, [d(day)])
    assert energy(rows) == {"WE": 400 * (hours - 16), "HC": 800, "HP": 400 * 14}


def hours_of(begin: int, end: int) -> tuple[tuple[time, time], ...]:
    return ((time(begin), time(end)),)


def test_days_without_quarters_have_no_amount() -> None:
    terms = Terms(Contracts([contract("weekend", OffPeak(NIGHT))]), {"weekend": WEEKEND})
    rows = cost(Use(SITE, ()), [FRIDAY], terms, PARIS)
    assert {row.reason.code.value for row in rows if row.reason} == {"no_frames"}


def test_the_ledger_keeps_that_a_figure_was_divided() -> None:
    rows = costs(contract("weekend", OffPeak(NIGHT)), WEEKEND, [FRIDAY])
    assert from_day(SITE, to_day(FRIDAY, rows, "key", 0, PARIS)) == rows


def test_a_days_key_changes_with_what_its_rules_need_and_with_nothing_else() -> None:
    def key(on: Contract, by: Tariff, colours: Mapping[date, Colour] | None = None, day: str = "2025-12-02") -> str:
        return Fingerprints(Terms(Contracts([on]), {by.id: by}, colours=colours or {}), PARIS).of(SITE, d(day), ())

    on, later = contract("weekend", OffPeak(NIGHT)), [PeriodRule("HC", is_off_peak=True), PeriodRule("HP")]
    changed = {
        key(on, WEEKEND),
        key(contract("weekend"), WEEKEND),
        key(contract("weekend", OffPeak(hours_of(12, 14))), WEEKEND),
        key(on, replace(WEEKEND, rules=None)),
    }
    assert len(changed) == 4
    sundays = replace(WEEKEND, rules=PeriodRules([PeriodRule("WE", weekdays=frozenset({6})), *later]))
    week = days("2025-12-01", "2025-12-07")
    assert [str(day) for day in week if key(on, sundays, day=str(day)) != key(on, WEEKEND, day=str(day))] == [
        "2025-12-06"
    ]
    summer = OffPeak(hours_of(12, 14), ((4, 1), (10, 31)))
    assert key(contract("weekend", summer, OffPeak(NIGHT)), WEEKEND) == key(on, WEEKEND)
    assert key(contract("weekend", summer, OffPeak(NIGHT)), WEEKEND, day="2025-07-01") != key(
        on, WEEKEND, day="2025-07-01"
    )
    red, other = {d("2025-12-02"): Colour.ROUGE}, {d("2025-12-05"): Colour.ROUGE}
    assert key(contract("red"), RED_DAYS, red) != key(contract("red"), RED_DAYS)
    assert key(contract("red"), RED_DAYS, red, "2025-12-03") != key(contract("red"), RED_DAYS, day="2025-12-03")
    assert key(contract("red"), RED_DAYS, other) == key(contract("red"), RED_DAYS)
