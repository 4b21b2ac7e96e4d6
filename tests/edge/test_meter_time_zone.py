"""The zone of the meter's clock: overseas meters, their horodates, and what doctor says of them."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import real_edge
from hypothesis import given, settings
from hypothesis import strategies as st
from real_broker import Hub, Mosquitto

from tictally_edge.clock.timekeeper import ClockStatus
from tictally_edge.decoding.decoder import Decoder
from tictally_edge.doctor.clock import diagnose_clock, zones_of_meter
from tictally_edge.doctor.service import diagnose_service
from tictally_edge.finding import FindingCode
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import encode_group
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.sources.base import Moment
from tictally_edge.sources.message_formats import MESSAGE_FORMATS
from tictally_shared.calendar import format_horodate, meter_zone, parse_horodate
from tictally_shared.labels import Mode

REUNION, MIQUELON = ZoneInfo("Indian/Reunion"), ZoneInfo("America/Miquelon")
OVERSEAS = (
    "America/Cayenne",
    "America/Guadeloupe",
    "America/Martinique",
    "America/Miquelon",
    "Indian/Mayotte",
    "Indian/Reunion",
    "Pacific/Marquesas",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)

HORODATES = {
    "Paris, winter": ("Europe/Paris", "H261121212708", "2026-11-21T21:27:08+01:00"),
    "Réunion": ("Indian/Reunion", "H261121212708", "2026-11-21T21:27:08+04:00"),
    "Réunion, in European summer": ("Indian/Reunion", "H260721212708", "2026-07-21T21:27:08+04:00"),
    "Réunion, a letter that means nothing there": ("Indian/Reunion", "E260721212708", "2026-07-21T21:27:08+04:00"),
    "Réunion, degraded": ("Indian/Reunion", "h261121212708", "2026-11-21T21:27:08+04:00"),
    "Réunion, no letter": ("Indian/Reunion", " 260721212708", "2026-07-21T21:27:08+04:00"),
    "Martinique": ("America/Martinique", "H261121212708", "2026-11-21T21:27:08-04:00"),
    "Miquelon, summer": ("America/Miquelon", "E260721212708", "2026-07-21T21:27:08-02:00"),
    "Miquelon, the first of two equal hours": ("America/Miquelon", "E261101013000", "2026-11-01T01:30:00-02:00"),
    "Miquelon, the second of two equal hours": ("America/Miquelon", "H261101013000", "2026-11-01T01:30:00-03:00"),
    "Miquelon, no letter": ("America/Miquelon", " 261101013000", "2026-11-01T01:30:00-02:00"),
}


@pytest.mark.parametrize("case", HORODATES)
def test_a_horodate_is_local_time_of_the_meters_zone(case: str) -> None:
    zone, horodate, expected = HORODATES[case]
    assert parse_horodate(horodate, meter_zone(zone)).isoformat() == expected


@given(moment=st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)), zone=st.sampled_from(OVERSEAS))  # noqa: DTZ001
@settings(deadline=None)
def test_a_horodate_that_was_written_is_read_as_the_same_moment(moment: datetime, zone: str) -> None:
    at = moment.replace(tzinfo=UTC, microsecond=0)
    assert parse_horodate(format_horodate(at, tz=ZoneInfo(zone)), ZoneInfo(zone)) == at


@pytest.mark.parametrize("zone", ["Europe/Paris", *OVERSEAS])
def test_every_horodate_of_a_frame_is_the_moment_that_the_meter_meant(zone: str) -> None:
    tz, start = meter_zone(zone), datetime(2026, 7, 1, 15, 30, 5, tzinfo=UTC)
    meter = SimulatedMeter(SimulatedContract.HPHC, Mode.STANDARD, start=start, tz=tz)
    (frame,) = Decoder(tz).feed(meter.frame())
    dated = {label: datetime.fromisoformat(text) for label, text in frame.dated.items()}
    local = start.astimezone(ZoneInfo(zone))
    assert dated["DATE"] == start
    assert dated["CCASN"] == start.replace(minute=30, second=0)
    assert dated["SMAXSN"].astimezone(ZoneInfo(zone)).date() == local.date()
    assert dated["SMAXSN-1"].astimezone(ZoneInfo(zone)).date() == local.date() - timedelta(days=1)
    assert frame.values["LTARF"] == ("HEURE PLEINE" if 6 <= local.hour < 22 else "HEURE CREUSE")


def test_messages_of_a_bridge_are_read_in_the_meters_zone_and_other_formats_bring_their_own() -> None:
    frame = b"\x02" + encode_group(Mode.STANDARD, "ADSC", "021961000001")
    frame += encode_group(Mode.STANDARD, "DATE", "", "H261121212708") + b"\x03"
    (got,) = MESSAGE_FORMATS.decoder("raw", REUNION).feed("tic", frame, 0.0)
    assert got.dated == {"DATE": "2026-11-21T21:27:08+04:00"}
    (got,) = MESSAGE_FORMATS.decoder("raw").feed("tic", frame, 0.0)
    assert got.dated == {"DATE": "2026-11-21T21:27:08+01:00"}


def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tictally_edge", *arguments], env=environ, capture_output=True, text=True, check=False
    )


def test_a_recording_is_decoded_in_a_zone(tmp_path: Path) -> None:
    meter = SimulatedMeter(SimulatedContract.BASE, Mode.STANDARD, start=datetime(2026, 7, 1, tzinfo=UTC), tz=REUNION)
    (tmp_path / "line.bin").write_bytes(meter.frame())
    done = command("decode", str(tmp_path / "line.bin"), "--timezone", "Indian/Reunion")
    assert json.loads(done.stdout)["dated"]["DATE"] == "2026-07-01T04:00:00+04:00"
    wrong = command("decode", str(tmp_path / "line.bin"), "--timezone", "Reunion")
    assert (wrong.returncode, "'Reunion' is not a time zone of the tz database" in wrong.stderr) == (2, True)


def test_a_zone_that_does_not_exist_is_named_at_the_start() -> None:
    done = command("run", TICTALLY_EDGE_PORT="sim:base", TICTALLY_EDGE_TIMEZONE="Indian/Réunion")
    assert done.returncode == 2
    assert "TICTALLY_EDGE_TIMEZONE" in done.stderr
    assert "is not a time zone of the tz database" in done.stderr


def test_a_real_edge_overseas_publishes_the_meters_own_time(tmp_path: Path, own_broker: Mosquitto) -> None:
    with Hub(own_broker.port) as hub:
        hub.subscribe("tictally/#")
        edge = real_edge.edge(tmp_path, "sim:hphc?number=021961000001", own_broker.port, timezone="Indian/Reunion")
        edge.start()
        try:
            text = hub.wait_for("tictally/021961000001/DATE/time")
            frame = json.loads(hub.wait_for("tictally/edge/pi/frame"))
            health: dict[str, Any] = {}
            while health.get("meter_clock_drift_s") is None:
                health = json.loads(hub.wait_for("tictally/edge/pi/health", within_s=90))
        finally:
            edge.end()
    assert text.endswith("+04:00")
    assert abs(datetime.fromisoformat(text) - datetime.now(UTC)) < timedelta(minutes=3)
    assert frame["dated"]["SMAXSN"].endswith("+04:00")
    assert health["timezone"] == "Indian/Reunion"
    assert abs(health["meter_clock_drift_s"]) < 30


NOW_MS = int(datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp() * 1000)
SUMMER_MS = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
DRIFTS = {
    "Réunion, read in Paris": (3 * HOUR_MS, NOW_MS, "Europe/Paris", ("Indian/Reunion",)),
    "Réunion, read in Paris in summer by winter's letter": (
        3 * HOUR_MS,
        SUMMER_MS,
        "Europe/Paris",
        ("Indian/Reunion",),
    ),
    "two hours in summer, by either letter": (
        2 * HOUR_MS,
        SUMMER_MS,
        "Europe/Paris",
        ("Indian/Mayotte", "Indian/Reunion"),
    ),
    "Mayotte": (2 * HOUR_MS + 40_000, NOW_MS, "Europe/Paris", ("Indian/Mayotte",)),
    "the Antilles": (
        -5 * HOUR_MS,
        NOW_MS,
        "Europe/Paris",
        ("America/Guadeloupe", "America/Martinique"),
    ),
    "Paris, read in Réunion": (-3 * HOUR_MS, NOW_MS, "Indian/Reunion", ("Europe/Paris",)),
    "nothing that a zone explains": (3 * HOUR_MS + 1_800_000, NOW_MS, "Europe/Paris", ()),
    "a year": (-365 * 24 * HOUR_MS, NOW_MS, "Europe/Paris", ()),
}


@pytest.mark.parametrize("case", DRIFTS)
def test_a_difference_of_hours_names_the_zones_that_explain_it(case: str) -> None:
    drift_ms, now_ms, zone, expected = DRIFTS[case]
    assert zones_of_meter(drift_ms, now_ms, zone) == expected


def test_doctor_compares_date_with_the_clock_on_a_line() -> None:
    now = Moment(1000.0, NOW_MS)
    finding = diagnose_clock(now, ClockStatus(synchronised=True, meter_ms=NOW_MS + 3 * HOUR_MS), trusted=False)
    assert "differs from this machine's clock by 180 minutes; it is right in Indian/Reunion" in finding.lines("en")
    assert "Set TICTALLY_EDGE_TIMEZONE to the meter's zone" in finding.lines("en")
    right = ClockStatus(synchronised=True, meter_ms=NOW_MS)
    assert diagnose_clock(now, right, trusted=False, zone="Indian/Reunion").ok


HEALTH: dict[str, Any] = {
    "uptime_s": 7200,
    "time": "2026-11-30T12:00:00Z",
    "source": {"type": "serial", "state": "receiving"},
    "mode": "standard",
    "clock": "ntp",
    "timezone": "Europe/Paris",
}


@pytest.mark.parametrize(
    ("drift_s", "code", "is_well"),
    [
        (None, FindingCode.CLOCK_PROVED, True),
        (4.0, FindingCode.CLOCK_PROVED_METER_DIFFERS, True),
        (10_801.0, FindingCode.METER_IN_OTHER_ZONE, False),
        (-18_000.0, FindingCode.METER_IN_OTHER_ZONE, False),
        (12_600.0, FindingCode.CLOCK_PROVED_METER_DIFFERS, True),  # a meter's own fault: frames are dated by NTP
    ],
)
def test_doctor_compares_the_date_that_a_running_edge_reads(
    drift_s: float | None, code: FindingCode, *, is_well: bool
) -> None:
    (finding,) = (
        each
        for each in diagnose_service(None, "online", HEALTH | {"meter_clock_drift_s": drift_s}, 1.0)
        if each.subject == "clock"
    )
    assert (finding.phrase.code, finding.ok) == (code, is_well)
