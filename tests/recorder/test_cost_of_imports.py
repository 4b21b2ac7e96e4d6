"""What a half-imported history costs, against a computation of its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from cost_building import BASE, HPHC, PARIS, TEMPO_PERIODS, d, days, tariff, version
from ledger_building import METER
from observation_building import energy, put, reading, store, undo

from tictally_recorder.cost import CostRow, Quality, Terms, to_cents
from tictally_recorder.cost.bill import make_bill
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.contracts.model import OffPeak
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.ledger import Ledger, LedgerReader, Observation
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.calendar import day_bounds_ms
from tictally_shared.status_register import Colour

HOUR_MS = 3_600_000
NIGHT = ((time(22), time(6)),)
FIRST, LAST = "2025-07-01", "2025-07-10"
METER_FROM_MS = int(datetime(2025, 7, 6, 10, 7, tzinfo=PARIS).timestamp()) * 1000
"""When the meter sent its first frame: history is imported up to the day after."""
TEMPO = tariff(
    "tempo",
    TEMPO_PERIODS,
    version("tempo", "2025-02-01", dict.fromkeys(TEMPO_PERIODS, "0.15"), {6: "15.50"}, powers=(6,)),
)
EJP = tariff("ejp", ("HN", "PM"), version("ejp", "2025-02-01", {"HN": "0.1476", "PM": "1.1038"}, {None: "17.20"}))


def watts(time_ms: int) -> int:
    """The household's power: even, so that each half-minute is whole."""
    return _of_hour(time_ms // HOUR_MS)[0]


def is_night(time_ms: int) -> bool:
    return _of_hour(time_ms // HOUR_MS)[1]


@cache
def _of_hour(number: int) -> tuple[int, bool]:
    """Power, and whether it is night, in an hour since 1970."""
    local = datetime.fromtimestamp(number * 3600, UTC).astimezone(PARIS)
    power = 240 + 120 * (local.hour % 7) + 60 * (local.day % 3) + 600 * (local.hour in {7, 19, 23})
    return power, local.hour >= 22 or local.hour < 6


def counted(start_ms: int, end_ms: int) -> tuple[int, int]:
    """Wh off-peak and peak of a time of whole minutes."""
    found = [0, 0]
    for minute in range(start_ms, end_ms, 60_000):
        found[not is_night(minute)] += watts(minute)
    return found[0] // 60, found[1] // 60


def curve(first: date, last: date) -> list[Observation]:
    start_ms, end_ms = day_bounds_ms(first, PARIS)[0], day_bounds_ms(last, PARIS)[1]
    return [energy(at, 30, sum(counted(at, at + 1_800_000))) for at in range(start_ms, end_ms, 1_800_000)]


def frames(end: str) -> Mapping[int, Mapping[str, int | str]]:
    """The meter's frames up to a local midnight, every minute."""
    end_ms = day_bounds_ms(d(end), PARIS)[0]
    off_peak, peak, found = 100_000, 200_000, {}
    for at in range(METER_FROM_MS, end_ms, 60_000):
        values: dict[str, int | str] = {"EASF01": off_peak, "EASF02": peak, "EAST": off_peak + peak}
        found[at] = {**values, "NGTF": "H PLEINE/CREUSE", "NTARF": "02", "LTARF": "HEURE  PLEINE"}
        more = counted(at, at + 60_000)
        off_peak, peak = off_peak + more[0], peak + more[1]
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    return path


def costs(
    path: Path,
    tariff: Tariff,
    off_peak: tuple[tuple[time, time], ...] = NIGHT,
    colours: Mapping[date, Colour] | None = None,
) -> list[CostRow]:
    contract = Contract(METER, tariff.id, d("2025-01-01"), power_kva=6 if tariff is not EJP else None)
    contracts = Contracts([replace(contract, off_peak=(OffPeak(off_peak),) if off_peak else ())])
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        query = SiteDays(site, d(FIRST), d(LAST) + timedelta(days=1), PARIS)
        return [
            row
            for row in cost_of(reader, query, Terms(contracts, {tariff.id: tariff}, colours=colours or {}))
            if row.period
        ]


def by_day(rows: list[CostRow]) -> dict[tuple[str, str], tuple[int, Decimal | None]]:
    return {(str(row.day), str(row.period)): (row.energy_wh, row.amount) for row in rows}


def test_a_half_imported_history_costs_what_it_would_to_the_cent(path: Path) -> None:
    put(path, curve(d(FIRST), d("2025-07-07")))
    store(path, frames("2025-07-11"))
    found = by_day(costs(path, HPHC))
    prices = {"HC": Decimal("0.1696"), "HP": Decimal("0.2146")}
    for day in days(FIRST, "2025-07-09"):
        for period, wh in zip(("HC", "HP"), counted(*day_bounds_ms(day, PARIS)), strict=True):
            energy_wh, amount = found[str(day), period]
            assert amount is not None
            assert (energy_wh, amount) == (wh, wh * prices[period] / 1000)


def test_a_bill_over_a_half_imported_history_is_right_to_the_cent(path: Path) -> None:
    put(path, curve(d(FIRST), d("2025-07-07")))
    store(path, frames("2025-07-11"))
    off_peak, peak = counted(day_bounds_ms(d(FIRST), PARIS)[0], day_bounds_ms(d("2025-07-09"), PARIS)[1])
    contract = Contract(METER, HPHC.id, d("2025-01-01"), power_kva=6, off_peak=(OffPeak(NIGHT),))
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        days_of = SiteDays(site, d(FIRST), d("2025-07-10"), PARIS)
        rows = cost_of(reader, days_of, Terms(Contracts([contract]), {HPHC.id: HPHC}))
    bill = make_bill(METER, d(FIRST), d("2025-07-10"), rows, {HPHC.id: HPHC})
    energy_ttc = (off_peak * Decimal("0.1696") + peak * Decimal("0.2146")) / 1000
    subscription = Decimal("14.04") * 9 / 31
    (total,) = bill.totals
    assert to_cents(total.amount) == to_cents(energy_ttc + subscription)
    lines = {line.period: line for line in bill.lines}
    assert (lines["HC"].energy_wh, lines["HP"].energy_wh) == (off_peak, peak)
    assert lines["HC"].estimated
    assert lines["HC"].by_hours
    assert not any(line.reasons for line in bill.lines)


def test_what_off_peak_hours_divide_is_estimated_and_what_registers_counted_is_measured(path: Path) -> None:
    put(path, curve(d(FIRST), d("2025-07-07")))
    store(path, frames("2025-07-11"))
    quality = {(str(row.day), row.period): row.quality for row in costs(path, HPHC)}
    assert quality["2025-07-03", "HC"] is quality["2025-07-06", "HP"] is Quality.ESTIMATED
    assert quality["2025-07-08", "HC"] is quality["2025-07-08", "HP"] is Quality.MEASURED


def test_a_tariff_of_one_period_needs_no_hours(path: Path) -> None:
    put(path, curve(d(FIRST), d("2025-07-07")))
    store(path, frames("2025-07-11"))
    rows = costs(path, BASE, ())
    for row in rows[:5]:
        assert row.quality is Quality.MEASURED
        assert row.energy_wh == sum(counted(*day_bounds_ms(row.day, PARIS)))


def test_without_off_peak_hours_the_cost_of_a_total_is_unknown(path: Path) -> None:
    put(path, curve(d(FIRST), d("2025-07-07")))
    store(path, frames("2025-07-11"))
    unknown = {(str(row.day), row.period): row.reason.code for row in costs(path, HPHC, ()) if row.reason}
    assert unknown["2025-07-03", "HC"] == unknown["2025-07-03", "HP"] == "off_peak_hours_unknown"
    # The meter's registers have their part of its first day; the rest is named, not left out.
    assert unknown["2025-07-06", "unmetered"] == "off_peak_hours_unknown"
    assert not any(day > "2025-07-06" for day, _ in unknown)


def test_hours_of_another_tariff_never_divide_a_total(path: Path) -> None:
    put(path, curve(d(FIRST), d(LAST)))
    assert {row.quality for row in costs(path, EJP)} == {Quality.UNKNOWN}


def test_a_total_has_a_cost_on_tempo_where_the_colours_of_its_days_are_known(path: Path) -> None:
    put(path, curve(d(FIRST), d(LAST)))
    known = {day: Colour.BLANC if day == d("2025-07-03") else Colour.BLEU for day in days("2025-07-01", "2025-07-08")}
    rows = costs(path, TEMPO, colours=known)
    found = {(str(row.day), row.period): row for row in rows if row.energy_wh}
    morning, evening = at("2025-07-04T06:00"), at("2025-07-03T22:00")
    assert found["2025-07-03", "HC BLEU"].energy_wh == sum(counted(at("2025-07-03T00:00"), at("2025-07-03T06:00")))
    assert found["2025-07-03", "HC BLANC"].energy_wh == sum(counted(evening, at("2025-07-04T00:00")))
    assert found["2025-07-04", "HC BLANC"].energy_wh == sum(counted(at("2025-07-04T00:00"), morning))
    assert found["2025-07-04", "HP BLEU"].energy_wh == sum(counted(morning, at("2025-07-04T22:00")))
    assert {row.quality for row in rows if row.day == d("2025-07-04") and row.energy_wh} == {Quality.ESTIMATED}
    # Of the first day the night before 06:00, and of the ninth and the tenth all after it has no known colour.
    unknown = {str(row.day) for row in rows if row.reason and row.reason.code == "tempo_colour_unknown"}
    assert unknown == {"2025-07-01", "2025-07-09", "2025-07-10"}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()) * 1000


def test_registers_of_periods_need_no_hours(path: Path) -> None:
    start_ms, end_ms = day_bounds_ms(d(FIRST), PARIS)[0], day_bounds_ms(d(LAST), PARIS)[1]
    off_peak, peak, found = 1000, 2000, []
    for at in range(start_ms, end_ms + 1, 3_600_000):
        found += [reading(at, off_peak, "HCHC"), reading(at, peak, "HCHP")]
        more = counted(at, at + 3_600_000)
        off_peak, peak = off_peak + more[0], peak + more[1]
    put(path, found)
    rows = costs(path, HPHC, ())
    assert {row.quality for row in rows} == {Quality.MEASURED}
    for row in rows:
        wanted = counted(*day_bounds_ms(row.day, PARIS))
        assert row.energy_wh == wanted[row.period == "HP"]


def test_a_gap_of_an_imported_day_is_named(path: Path) -> None:
    observations = [each for each in curve(d(FIRST), d(LAST)) if each != curve(d("2025-07-04"), d("2025-07-04"))[20]]
    put(path, observations)
    (row,) = [row for row in costs(path, HPHC) if row.period == "unmetered"]
    assert row.day == d("2025-07-04")
    assert row.reason is not None
    assert row.reason.parameters["spans"] == (("2025-07-04T10:00+02:00", "2025-07-04T10:30+02:00"),)


def test_undoing_a_run_leaves_the_cost_as_without_it(path: Path) -> None:
    store(path, frames("2025-07-11"))
    put(path, curve(d(FIRST), d("2025-07-03")))
    before = costs(path, HPHC)
    put(path, curve(d("2025-07-04"), d("2025-07-07")))
    assert costs(path, HPHC) != before
    undo(path, 2)
    assert costs(path, HPHC) == before


def test_a_day_of_which_nothing_is_known_names_the_time_and_not_the_registers(path: Path) -> None:
    put(path, [*curve(d(FIRST), d("2025-07-02")), *curve(d("2025-07-05"), d(LAST))])
    for row in costs(path, HPHC):
        if "2025-07-03" <= str(row.day) <= "2025-07-04":
            assert row.reason is not None
            spans = (("2025-07-03T00:00+02:00", "2025-07-05T00:00+02:00"),)
            assert (row.reason.code, row.reason.parameters) == ("unmetered_spans", {"spans": spans})
        else:
            assert row.quality is Quality.ESTIMATED
