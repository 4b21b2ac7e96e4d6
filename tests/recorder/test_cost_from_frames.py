"""The cost of a ledger's days: which of its frames, strings and meters count for a day."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cost_building import BASE, HPHC, PARIS, d, on, tariff, terms, total, version, words
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.cost import CostRow, Quality, Terms
from tictally_recorder.cost import query as under_test
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.query import SiteDays, cost_of, days_with_frames
from tictally_recorder.energy import EnergyRow
from tictally_recorder.ledger import Ledger, LedgerReader, Site, join_sites
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS

NEW_METER = "021900000003"
HOUR_MS = 4 * QUARTER_MS
FramesByTime = Mapping[str, Mapping[str, int | str]]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def store_frames(path: Path, **meters: FramesByTime) -> None:
    """Store frames of meters by local winter time; a keyword is a meter's number after `m`."""
    with Ledger.open(path) as ledger:
        for meter, frames in meters.items():
            found = [
                frame(n, at(f"{moment}+01:00"), values, meter=meter[1:], boot=meter[-1] * 16)
                for n, (moment, values) in enumerate(frames.items(), 1)
            ]
            ledger.store([message(each, arrived_ms=NOON_MS) for each in found])


def ask(path: Path, first: str, until: str, by: Terms) -> list[CostRow]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return cost_of(reader, SiteDays(site, d(first), d(until), PARIS), by)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_a_day_has_the_option_that_the_meter_reported_at_its_end(path: Path) -> None:
    frames: dict[str, Mapping[str, int | str]] = {
        "2025-03-03T00:00": {"NGTF": "BASE", "EASF01": 0, "EASF02": 0},
        "2025-03-04T00:00": {"NGTF": "BASE", "EASF01": 1000, "EASF02": 0},
        "2025-03-04T12:00": {"NGTF": "H PLEINE/CREUSE", "EASF01": 1000, "EASF02": 0},
        "2025-03-04T23:59": {"NGTF": "H PLEINE/CREUSE", "EASF01": 3000, "EASF02": 4000},
    }
    store_frames(path, **{f"m{METER}": frames})
    found = ask(path, "2025-03-01", "2025-03-09", terms(on(HPHC), HPHC))
    third, fourth = ([row for row in found if row.day == d(day)] for day in ("2025-03-03", "2025-03-04"))
    assert [(row.period, row.energy_wh) for row in third if row.amount is None and row.energy_wh] == [("BASE", 1000)]
    # 2 x 0.1696 + 4 x 0.2146 + 14.04 / 31, of a day that started on Base
    assert total(row for row in fourth if row.period) == Decimal("1.1976")
    assert [row.period for row in fourth] == ["HC", "HP", None]


def test_two_meters_of_a_site_follow_one_another(path: Path) -> None:
    old = {"2025-03-03T00:00": {"EAST": 70_000}, "2025-03-03T18:00": {"EAST": 73_000}}
    new = {"2025-03-03T19:00": {"EAST": 10}, "2025-03-04T00:00": {"EAST": 2010}, "2025-03-04T20:00": {"EAST": 7010}}
    store_frames(path, **{f"m{METER}": old, f"m{NEW_METER}": new})
    join_sites(path, NEW_METER, METER)
    found = [row for row in ask(path, "2025-03-03", "2025-03-05", terms(on(BASE), BASE)) if row.period]
    # 3 + 2 kWh, then 5 kWh, at 0.2016; the hour between them is unknown
    assert [(row.energy_wh, row.amount) for row in found] == [
        (5000, Decimal("1.0080")),
        (0, None),
        (5000, Decimal("1.0080")),
    ]
    assert words(found[1].reason) == "the registers do not show the energy from 2025-03-03 18:00 to 2025-03-03 19:00"


def test_days_without_frames_share_the_energy_counted_meanwhile(path: Path) -> None:
    frames = {"2025-03-03T00:00": {"EAST": 0}, "2025-03-06T00:00": {"EAST": 7200}, "2025-03-06T12:00": {"EAST": 7300}}
    store_frames(path, **{f"m{METER}": frames})
    found = ask(path, "2025-02-20", "2025-03-20", terms(on(BASE), BASE))
    energy = [(row.day.day, row.energy_wh, row.quality) for row in found if row.period]
    assert energy == [(3, 2400, "estimated"), (4, 2400, "estimated"), (5, 2400, "estimated"), (6, 100, "measured")]
    subscription = [row for row in found if row.period is None]
    assert [row.day.day for row in subscription] == [3, 4, 5, 6]
    assert {row.quality for row in subscription} == {Quality.MEASURED}


def test_days_range_from_the_first_frame_to_the_last(path: Path) -> None:
    store_frames(path, **{f"m{METER}": {"2025-03-03T23:59": {"EAST": 0}, "2025-03-05T00:00": {"EAST": 1}}})
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
    assert days_with_frames(site, date.min, date.max, PARIS) == [d("2025-03-03"), d("2025-03-04"), d("2025-03-05")]
    assert days_with_frames(site, d("2025-03-04"), d("2025-03-05"), PARIS) == [d("2025-03-04")]
    assert days_with_frames(site, d("2025-03-06"), d("2025-03-09"), PARIS) == []
    assert ask(path, "2025-03-06", "2025-03-09", terms(on(BASE), BASE)) == []


def test_a_price_series_is_costed_by_quarter_and_no_other_day_is_read_by_quarter(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 100 Wh in each quarter of the two days.
    start = at("2025-03-03T00:00+01:00")
    with Ledger.open(path) as ledger:
        ledger.store(
            [
                message(frame(n + 1, start + n * QUARTER_MS, {"EAST": 100 * n}), arrived_ms=NOON_MS)
                for n in range(2 * 96 + 1)
            ]
        )
    spot = tariff("spot", (), version("spot", "2025-01-01", {}, {None: "31"}), series=True)
    midnight = start + 24 * HOUR_MS
    prices = ["-0.05"] * 4 + ["0.10"] * 12 + ["0.25"] * 8
    series = Series(
        [Step(midnight + n * HOUR_MS, midnight + (n + 1) * HOUR_MS, Decimal(price)) for n, price in enumerate(prices)]
    )
    contracts = Contracts(
        [
            Contract(None, "base", d("2025-03-01"), power_kva=6),
            Contract(None, "spot", d("2025-03-04"), until=d("2025-03-04")),
        ]
    )
    read: list[date] = []
    by_quarter = under_test._by_quarter

    def counted(reader: LedgerReader, site: Site, first: date, last: date, tz: ZoneInfo) -> list[EnergyRow]:
        read.extend((first, last))
        return by_quarter(reader, site, first, last, tz)

    monkeypatch.setattr(under_test, "_by_quarter", counted)
    found = ask(path, "2025-03-03", "2025-03-05", terms(contracts, BASE, spot, spot=series))
    assert read == [d("2025-03-04"), d("2025-03-04")]
    # 9.6 x 0.2016; then an hour is 0.4 kWh: 0.4 x (4 x -0.05 + 12 x 0.10 + 8 x 0.25)
    assert [(row.period, row.amount) for row in found if row.period] == [
        ("BASE", Decimal("1.93536")),
        ("TOTAL", Decimal("1.2")),
    ]
    assert [row.amount for row in found if row.period is None][1] == 1
    assert {row.quality for row in found} == {Quality.MEASURED}
