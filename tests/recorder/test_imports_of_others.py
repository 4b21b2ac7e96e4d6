"""Files of suppliers, of Home Assistant and of tictally itself."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from imported_files import PARIS, energies, local, observations, read, shown

from tictally_recorder.imports.errors import ImportFileError


def written(path: Path, lines: Sequence[str], name: str = "file.csv") -> Path:
    file = path / name
    file.write_text("\r\n".join(lines) + "\r\n", encoding="latin-1")
    return file


def total_energies(first: str, count: int, kwh: str = "0,123") -> list[str]:
    start = datetime.strptime(first, "%d/%m/%Y %H:%M")  # noqa: DTZ007 - local
    return [f'"{start + n * timedelta(minutes=30):%d/%m/%Y %H:%M}";"{kwh} kWh"' for n in range(count)]


def test_totalenergies_times_are_starts_or_ends_as_whole_days_show(tmp_path: Path) -> None:
    ends = written(tmp_path, total_energies("05/01/2026 00:30", 48))
    starts = written(tmp_path, total_energies("05/01/2026 00:00", 48), "starts.csv")
    assert shown(observations(ends)) == shown(observations(starts))
    assert shown(observations(ends))[0] == ("EAST", "2026-01-04T23:00", "2026-01-04T23:30", "123")


def test_totalenergies_times_of_part_of_a_day_need_the_setting(tmp_path: Path) -> None:
    path = written(tmp_path, total_energies("05/01/2026 10:00", 4))
    with pytest.raises(ImportFileError, match="set TICTALLY_TOTALENERGIES_STAMP to start or end"):
        read(path)
    assert shown(observations(path, totalenergies_stamp="start"))[0][1:3] == ("2026-01-05T09:00", "2026-01-05T09:30")
    assert shown(observations(path, totalenergies_stamp="end"))[0][1:3] == ("2026-01-05T08:30", "2026-01-05T09:00")


def edf(day: datetime, rows: Sequence[tuple[str, int]]) -> list[str]:
    return [f"{day:%d/%m/%Y};;", *(f"{at};{watts};Réelle" for at, watts in rows)]


def test_edf_rows_run_backwards_and_midnight_is_the_days_end(tmp_path: Path) -> None:
    rows = [("00:00", 400), ("23:30", 300), ("23:30", 300), ("23:00", 200)]
    path = written(
        tmp_path, ["Récapitulatif", *edf(local(2026, 1, 5), rows), *edf(local(2026, 1, 4), [("00:00", 100)])]
    )
    assert shown(observations(path)) == [
        ("EAST", "2026-01-04T22:30", "2026-01-04T23:00", "50"),
        ("EAST", "2026-01-05T21:30", "2026-01-05T22:00", "100"),
        ("EAST", "2026-01-05T22:00", "2026-01-05T22:30", "150"),
        ("EAST", "2026-01-05T22:30", "2026-01-05T23:00", "200"),
    ]


@pytest.mark.parametrize(("day", "hours"), [(local(2026, 3, 29), 23), (local(2026, 10, 25), 25)])
def test_edf_days_of_clock_changes_are_whole(tmp_path: Path, day: datetime, hours: int) -> None:
    start = day.replace(tzinfo=PARIS).timestamp()
    ends = [datetime.fromtimestamp(start + n * 1800, PARIS) for n in range(1, 2 * hours + 1)]
    rows = [(f"{at:%H:%M}", 100 + n) for n, at in enumerate(ends)]
    found = energies(observations(written(tmp_path, edf(day, rows[::-1]))))
    assert [each.watt_minutes for each in found] == [(100 + n) * 30 for n in range(2 * hours)]
    assert found[-1].end_ms - found[0].start_ms == hours * 3_600_000


def home_assistant(path: Path, series: Mapping[tuple[str, str], Sequence[tuple[int, float]]]) -> Path:
    """A database with statistics by (id, unit): start of the hour in seconds, and sum."""
    file = path / "home-assistant_v2.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id VARCHAR(255), source VARCHAR(32), "
            "unit_of_measurement VARCHAR(255), has_mean BOOLEAN, has_sum BOOLEAN, name VARCHAR(255))"
        )
        connection.execute(
            "CREATE TABLE statistics (id INTEGER PRIMARY KEY, created_ts FLOAT, metadata_id INTEGER, start_ts FLOAT, "
            "mean FLOAT, min FLOAT, max FLOAT, last_reset_ts FLOAT, state FLOAT, sum FLOAT)"
        )
        for number, ((name, unit), rows) in enumerate(series.items(), 1):
            values = (number, name, name.partition(":")[0], unit)
            connection.execute("INSERT INTO statistics_meta VALUES (?, ?, ?, ?, 0, 1, NULL)", values)
            connection.executemany(
                "INSERT INTO statistics (metadata_id, start_ts, state, sum) VALUES (?, ?, ?, ?)",
                [(number, start_s, total, total) for start_s, total in rows],
            )
    return file


HOUR_S = 1_767_574_800  # 2026-01-05T01:00:00Z


def test_statistics_of_ha_linky_are_the_difference_of_their_sums(tmp_path: Path) -> None:
    rows = [(HOUR_S, 10.0), (HOUR_S + 3600, 10.5), (HOUR_S + 3 * 3600, 12.1), (HOUR_S + 4 * 3600, 0.3)]
    cost = {("linky:09999999999999_cost", "EUR"): [(HOUR_S, 1.0), (HOUR_S + 3600, 2.0)]}
    path = home_assistant(tmp_path, {("linky:09999999999999", "kWh"): rows, **cost})
    (one,) = read(path)
    assert one.file.delivery_point == "09999999999999"
    assert shown(one.file.observations) == [
        ("EAST", "2026-01-05T02:00", "2026-01-05T03:00", "500"),
        ("EAST", "2026-01-05T03:00", "2026-01-05T05:00", "1600"),
    ]


def test_statistics_named_by_the_setting_are_summed(tmp_path: Path) -> None:
    peak = [(HOUR_S, 1.0), (HOUR_S + 3600, 1.5)]
    night = [(HOUR_S, 3000.0), (HOUR_S + 3600, 3100.0)]
    path = home_assistant(tmp_path, {("sensor.hp", "kWh"): peak, ("sensor.hc", "Wh"): night, ("sensor.t", "°C"): []})
    with pytest.raises(ImportFileError, match=r"in TICTALLY_HOME_ASSISTANT_CONSUMPTION: sensor\.hc, sensor\.hp"):
        read(path)
    found = observations(path, home_assistant_consumption="sensor.hp, sensor.hc")
    assert shown(found) == [("EAST", "2026-01-05T02:00", "2026-01-05T03:00", "600")]


EXPORT = "site,from,to,register,period,energy,unit,estimated,fell,first,last,covered,quarters"


def export_row(site: str, hour: int, register: str, period: str, energy: int) -> str:
    start, end = (f"2026-01-05T{each:02}:00:00+01:00" for each in (hour, hour + 1))
    return f"{site},{start},{end},{register},{period},{energy},Wh,false,false,0,1,4,4"


def test_an_export_comes_back_by_periods_where_it_has_them(tmp_path: Path) -> None:
    rows = [
        export_row("1", 0, register, period, energy)
        for register, period, energy in [
            ("EAST", "", 300),
            ("EASF01", "HC", 100),
            ("EASF02", "HP", 200),
            ("EAIT", "", 7),
        ]
    ]
    found = shown(observations(written(tmp_path, [EXPORT, *rows])))
    assert [(each[0], each[-1]) for each in found] == [("HCHC", "100"), ("HCHP", "200"), ("EAIT", "7")]
    found = shown(observations(written(tmp_path, [EXPORT, *(row.replace("HC", "Nuit") for row in rows)])))
    assert [each[0] for each in found] == ["EAST", "EASF01", "EASF02", "EAIT"]


def test_an_export_of_two_sites_is_an_error(tmp_path: Path) -> None:
    rows = [export_row(site, 0, "EAST", "", 1) for site in ("1", "2")]
    with pytest.raises(ImportFileError, match="line 3: it has several sites, 1 and 2; export one with --site"):
        read(written(tmp_path, [EXPORT, *rows]))


def test_a_file_that_nobody_recognizes_lists_the_forms(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"no importer recognizes this file: enedis_csv, enedis_xlsx, "):
        read(written(tmp_path, ["a,b", "1,2"]))
    with pytest.raises(ImportFileError, match="it has no values"):
        read(written(tmp_path, []))


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="there is no such file"):
        read(tmp_path / "none.csv")


def powers(count: int) -> list[tuple[str, str]]:
    """Time and power of each five seconds: 900 W, and in the second half of each minute 300 W."""
    start = local(2026, 1, 5)
    times = [start + n * timedelta(seconds=5) for n in range(count)]
    return [(f"{at:%Y-%m-%d %H:%M:%S}.123", "900.0" if at.second < 30 else "300") for at in times]


MYSQL = "INSERT INTO `meterlog` VALUES {};\n"
COPY = "COPY public.meterlog (id, time_created, time_updated, watts, station_id, price) FROM stdin;\n{}\n\\.\n"


def meterit(form: str, rows: Sequence[tuple[str, str]], station: int = 1) -> str:
    if form == "mysqldump":
        cells = (f"({n},'{at}',NULL,{watts},{station},42.1)" for n, (at, watts) in enumerate(rows, 1))
        return f"-- dump\n{MYSQL.format(','.join(cells))}"
    if form == "pg_dump":
        cells = (f"{n}\t{at}\t\\N\t{watts}\t{station}\t0.042" for n, (at, watts) in enumerate(rows, 1))
        return f"-- dump\n{COPY.format(chr(10).join(cells))}"
    if form == "inserts":
        return "".join(
            f"INSERT INTO public.meterlog VALUES ({n}, '{at}', NULL, {watts}, {station}, 0.042);\n"  # noqa: S608
            for n, (at, watts) in enumerate(rows, 1)
        )
    return "time_created,watts,station_id\n" + "".join(f"{at},{watts},{station}\n" for at, watts in rows)


@pytest.mark.parametrize("form", ["mysqldump", "pg_dump", "inserts", "csv"])
def test_powers_of_meterit_are_summed_to_quarter_hours(tmp_path: Path, form: str) -> None:
    path = tmp_path / "meterit.sql"
    path.write_text(meterit(form, powers(12 * 35)))
    found = energies(observations(path))
    assert shown(found)[1][:3] == ("EAST", "2026-01-05T00:15", "2026-01-05T00:30")
    # The first lacks an instant of its beginning; the third has five minutes of readings.
    assert [each.is_integrated for each in found] == [True, True]
    assert [each.watt_minutes for each in found] == [pytest.approx(150 * 60, abs=1), 150 * 60]


def test_another_station_and_another_time_zone_are_settings(tmp_path: Path) -> None:
    path = tmp_path / "meterit.csv"
    path.write_text(meterit("csv", powers(12 * 20), 2))
    with pytest.raises(ImportFileError, match="it has no values"):
        read(path)
    found = observations(path, meterit_history_station=2, meterit_history_timezone="Europe/Paris")
    assert shown(found)[0][1] == "2026-01-04T23:00"


def history(*rows: tuple[str, str], entity: str = "sensor.meter") -> list[str]:
    return ["entity_id,state,last_changed", *(f"{entity},{state},2026-01-05T{at}:00.000Z" for at, state in rows)]


def test_a_counters_history_is_what_it_rose_by(tmp_path: Path) -> None:
    rows = [
        ("10:00", "5.0"),
        ("10:05", "5.1"),
        ("10:10", "unavailable"),
        ("10:20", "5.3"),
        ("11:00", "6.3"),
        ("11:10", "6.4"),
    ]
    path = written(tmp_path, history(*rows))
    assert shown(observations(path)) == [
        ("EAST", "2026-01-05T10:00", "2026-01-05T10:20", "300"),
        ("EAST", "2026-01-05T10:20", "2026-01-05T11:00", "1000"),
        ("EAST", "2026-01-05T11:00", "2026-01-05T11:10", "100"),
    ]
    found = observations(path, home_assistant_history_counts="injection", home_assistant_history_unit="Wh")
    assert (found[1].register, shown(found)[1][-1]) == ("EAIT", "1")
    path.write_text("\n".join([path.read_text().splitlines()[0], *reversed(path.read_text().splitlines()[1:])]))
    assert len(observations(path)) == 3


def test_a_counter_that_was_reset_counts_nothing_across_it(tmp_path: Path) -> None:
    path = written(tmp_path, history(("10:00", "5.0"), ("10:10", "5.2"), ("10:30", "0.1"), ("11:00", "0.4")))
    assert shown(observations(path)) == [
        ("EAST", "2026-01-05T10:00", "2026-01-05T10:10", "200"),
        ("EAST", "2026-01-05T10:30", "2026-01-05T11:00", "300"),
    ]


def test_a_history_of_two_counters_is_an_error(tmp_path: Path) -> None:
    rows = [*history(("10:00", "5.0")), *history(("10:00", "5.0"), entity="sensor.other")[1:]]
    with pytest.raises(ImportFileError, match=r"line 3: it has two counters, sensor\.meter and sensor\.other"):
        read(written(tmp_path, rows))
