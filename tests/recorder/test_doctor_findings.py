"""The doctor's findings from facts, and which of them need a person."""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tictally_recorder.doctor import (
    BackupFacts,
    CostFacts,
    EdgeFacts,
    Facts,
    LedgerFacts,
    PaidFacts,
    diagnose,
)
from tictally_recorder.doctor.broker_probe import Outcome, ProbeResult
from tictally_recorder.doctor.words import as_json, lines
from tictally_recorder.finding import Level
from tictally_recorder.ledger import (
    LedgerCounts,
    Meter,
    NumberRange,
    RejectedPoint,
    RejectionSummary,
    SinkCounts,
    Site,
    Status,
)
from tictally_recorder.problem import uncoded
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.sinks.findings import SinkFacts
from tictally_recorder.tariffs.errors import TariffError
from tictally_shared.frames import iso_utc

PARIS = ZoneInfo("Europe/Paris")
NOW_MS = 1_795_262_400_000  # 2026-11-21T12:00:00Z
MINUTE_MS = 60_000
BOOT = "9f2c61d07ab3e514"
NEWEST = "its newest frame is from 2026-11-21 12:59:58 (2 s ago)"


def health(held: list[tuple[int, int]] | None = None, *, age_ms: int = 20_000, **more: object) -> bytes:
    boots = [{"boot": BOOT, "held": held or [], "backlog": []}]
    return json.dumps({"time": iso_utc(NOW_MS - age_ms), "boots": boots, **more}).encode()


COUNTS = LedgerCounts(
    frames=1200, rejected={}, deferred=0, lost=0, newest_ms={"0219": NOW_MS - 2000}, dirty=0, size_bytes=4096
)
LEDGER = LedgerFacts(
    path=Path("/l.sqlite"),
    size_bytes=12_300_000,
    free_bytes=80_000_000_000,
    version=1,
    problems=(),
    recorder="4711",
    counts=COUNTS,
    rejected=(),
    numbers={"pi": {BOOT: [NumberRange(1, 1200, Status.STORED)]}},
    newest_ms={"pi": NOW_MS - 2000},
    sites=(Site("0219", (Meter(1, "0219", None, NOW_MS - 86_400_000, NOW_MS - 2000),), ("pi",)),),
)
WELL = Facts(
    NOW_MS,
    LEDGER,
    "nas:1883",
    ProbeResult(Outcome.CONNECTED),
    {"pi": EdgeFacts("online", health([(1, 1200)], port="line"))},
)


@dataclass(frozen=True)
class Shown:
    """A finding in English."""

    about: str
    level: Level
    sentence: str
    advice: str | None


def shown(facts: Facts, language: str = "en") -> list[Shown]:
    found = []
    for level, text, advice in lines(diagnose(facts, PARIS), language):
        about, _, sentence = text.partition(": ")
        found.append(Shown(about.strip(), level, sentence, advice))  # French has a space before its colon
    return found


def findings_about(facts: Facts, about: str) -> list[tuple[Level, str]]:
    return [(each.level, each.sentence) for each in shown(facts) if each.about == about]


def troubles(facts: Facts) -> list[Shown]:
    return [each for each in shown(facts) if each.level is Level.TROUBLE]


def with_ledger(**changes: object) -> Facts:
    return replace(WELL, ledger=replace(LEDGER, **changes))  # type: ignore[arg-type]


def with_edge(availability: str | None, payload: bytes | None, newest_ms: int | None = NOW_MS - 2000) -> Facts:
    return replace(with_ledger(newest_ms={"pi": newest_ms}), edges={"pi": EdgeFacts(availability, payload)})


def test_a_healthy_recorder_is_reported_line_by_line() -> None:
    assert [(each.about, each.sentence) for each in shown(WELL)] == [
        ("ledger", "the ledger /l.sqlite can be read: version 1, 12 MB, 1200 frames"),
        ("ledger", "its integrity check finds nothing wrong"),
        ("ledger", "80.0 GB are free on its disk"),
        ("recorder", "process 4711 records into it"),
        ("broker", "the broker at nas:1883 accepts the connection"),
        ("clock", "this machine's clock reads 2026-11-21 13:00:00; no frame is ahead of it"),
        ("edge pi", f"it is online; {NEWEST}"),
        ("site 0219", "meter 0219 (from 2026-11-20 13:00:00 to 2026-11-21 12:59:58), read by pi"),
    ]
    assert {each.level for each in shown(WELL)} == {Level.OK}


@pytest.mark.parametrize(
    ("facts", "about", "sentence"),
    [
        (replace(WELL, ledger=uncoded("there is no ledger at /x")), "ledger", "there is no ledger at /x"),
        (with_ledger(problems=("a page is damaged",)), "ledger", "a page is damaged"),
        (with_ledger(free_bytes=42_000_000), "ledger", "only 42 MB are free on its disk"),
        (with_ledger(recorder=None), "recorder", "no recorder writes to it"),
        (
            replace(WELL, probe=ProbeResult(Outcome.DENIED, "Not authorized")),
            "broker",
            "the broker at nas:1883 denies access: Not authorized",
        ),
        (
            replace(WELL, probe=ProbeResult(Outcome.UNREACHABLE, "Connection refused")),
            "broker",
            "the broker at nas:1883 cannot be reached: Connection refused",
        ),
        (
            replace(WELL, probe=ProbeResult(Outcome.SILENT, "it closes the connection without an answer")),
            "broker",
            "nas:1883 does not answer like a broker: it closes the connection without an answer",
        ),
        (
            with_edge("offline", health(), NOW_MS - 3 * 3_600_000),
            "edge pi",
            "it is offline; its newest frame is from 2026-11-21 10:00:00 (3 h ago)",
        ),
        (
            with_edge("online", health(), NOW_MS - 6 * MINUTE_MS),
            "edge pi",
            "it is online; its newest frame is from 2026-11-21 12:54:00 (6 min ago)",
        ),
        (with_edge("online", health(), None), "edge pi", "it is online; it has not sent a frame yet"),
        (
            with_edge("online", health(age_ms=10 * MINUTE_MS)),
            "edge pi",
            f"it is online, but its newest health is from 2026-11-21 12:50:00 (10 min ago); {NEWEST}",
        ),
        (
            with_edge("online", health(age_ms=-5 * MINUTE_MS)),
            "clock",
            "frames or health of edges are dated up to 5 min ahead of this machine's clock",
        ),
        (
            with_ledger(counts=replace(COUNTS, newest_ms={"0219": NOW_MS + 90_000})),
            "clock",
            "frames or health of edges are dated up to 90 s ahead of this machine's clock",
        ),
        (replace(with_ledger(newest_ms={}, numbers={}), edges={}), "edges", "no edge has been received yet"),
    ],
)
def test_a_problem_that_needs_a_person_has_advice(facts: Facts, about: str, sentence: str) -> None:
    (trouble,) = troubles(facts)
    assert (trouble.about, trouble.sentence) == (about, sentence)
    assert trouble.advice


@pytest.mark.parametrize(
    ("facts", "about", "sentence"),
    [
        (
            with_ledger(counts=replace(COUNTS, deferred=1)),
            "ledger",
            "1 message is deferred: from a newer version, or dated ahead of this clock",
        ),
        (
            with_ledger(rejected=(RejectionSummary("json", 7, "t/edge/pi/frame", "a no", NOW_MS - 130_000),)),
            "ledger",
            "7 messages rejected for json; the newest arrived 2026-11-21 12:57:50 (2 min ago) on t/edge/pi/frame: a no",
        ),
        (
            with_ledger(rejected=(RejectionSummary("size", 1, None, None, None),)),
            "ledger",
            "1 message rejected for size",
        ),
        (
            with_edge("online", health([(1, 1205)])),
            "edge pi",
            "5 frames that it holds are missing in the ledger; a running recorder requests them",
        ),
        (
            with_ledger(numbers={"pi": {BOOT: [NumberRange(n, n, Status.LOST) for n in (1, 3, 5, 7, 9)]}}),
            "edge pi",
            f"5 frames are lost for good, by boot and number: {BOOT} 1-1, {BOOT} 3-3 and {BOOT} 5-5, and 2 more ranges",
        ),
        (
            replace(with_ledger(newest_ms={"http-readings": NOW_MS - 2000}), edges={}),
            "edge http-readings",
            f"it is not an edge but the recorder itself, for readings by HTTP; {NEWEST}",
        ),
        (
            with_edge(None, None),
            "edge pi",
            f"the broker does not know it; {NEWEST}",
        ),
    ],
)
def test_a_problem_that_resolves_itself_or_cannot_be_fixed_is_a_note(facts: Facts, about: str, sentence: str) -> None:
    assert (Level.NOTE, sentence) in findings_about(facts, about)
    assert troubles(facts) == []


def test_without_a_broker_availability_is_not_reported() -> None:
    facts = replace(WELL, probe=ProbeResult(Outcome.UNREACHABLE, "Connection refused"), edges={})
    assert findings_about(facts, "edge pi") == [
        (
            Level.NOTE,
            f"it is not known whether it is online; {NEWEST}",
        )
    ]


@pytest.mark.parametrize(
    ("more", "sentence", "advice"),
    [
        ({}, "it is online; ", "run `tictally-edge doctor` there: does the meter send?"),
        ({"port": "/dev/tic (silent)"}, "online and reads /dev/tic (silent); ", "run `tictally-edge doctor` there"),
        ({"clock_waits_for": "proof"}, "its frames wait until its clock is proved; ", "set up a time server there"),
        ({"clock_waits_for": 5, "port": ["x"]}, "it is online; ", "run `tictally-edge doctor` there"),
    ],
)
def test_the_reason_for_missing_frames_is_read_from_the_edges_health(
    more: dict[str, object], sentence: str, advice: str
) -> None:
    (trouble,) = troubles(with_edge("online", health(**more), None))  # type: ignore[arg-type]
    assert sentence in trouble.sentence
    assert (trouble.advice or "").startswith(advice)


@pytest.mark.parametrize(
    ("zone", "mode", "is_well"),
    [
        ("Europe/Paris", "standard", True),
        ("Europe/Madrid", "standard", True),
        ("Indian/Reunion", "standard", False),
        ("Indian/Reunion", "historique", True),
        ("Indian/Reunion", None, True),
        ("No/Where", "standard", True),
        (7, "standard", True),
    ],
)
def test_an_edge_whose_meter_lives_by_other_days_is_reported(zone: object, mode: str | None, *, is_well: bool) -> None:
    found = troubles(with_edge("online", health([(1, 1200)], timezone=zone, mode=mode)))
    assert not found if is_well else [each.about for each in found] == ["edge pi"]
    if found:
        assert f"its meter's clock is in {zone}, and days" in found[0].sentence
        assert "TICTALLY_TIMEZONE" in (found[0].advice or "")


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"[]", b'{"boots": 3, "time": 5}', b'{"time": "x", "port": NaN}'])
def test_an_invalid_health_message_stops_no_diagnosis(garbage: bytes) -> None:
    assert findings_about(with_edge("online", garbage), "edge pi") == [(Level.OK, f"it is online; {NEWEST}")]


def of_cost(*paid: PaidFacts, problem: TariffError | None = None) -> list[tuple[str, Level, str]]:
    found = shown(replace(WELL, cost=CostFacts(problem, paid)))
    return [(each.about, each.level, each.sentence) for each in found if each.about.startswith("cost")]


def test_the_tariff_of_a_site_is_reported() -> None:
    assert of_cost(PaidFacts("0219", "edf-bleu-base 2026-08-01")) == [
        ("cost of site 0219", Level.OK, "it is priced by edf-bleu-base 2026-08-01")
    ]


def test_a_site_without_a_tariff_is_no_problem_of_a_recorder() -> None:
    assert of_cost(PaidFacts("0219", None, Reason(ReasonCode.NO_CONTRACT))) == [
        ("cost of site 0219", Level.NOTE, "it is unknown: there is no contract")
    ]


def test_an_overdue_tariff_is_reported_with_its_due_day() -> None:
    paid = PaidFacts("0219", "edf-bleu-base 2026-02-01", overdue_since=date(2026, 8, 1))
    assert of_cost(paid) == [
        (
            "cost of site 0219",
            Level.NOTE,
            "it is provisional: a revision was due on 2026-08-01, after edf-bleu-base 2026-02-01",
        )
    ]


def test_a_contract_that_the_meter_contradicts_needs_a_person() -> None:
    paid = PaidFacts("0219", "edf-bleu-base 2026-08-01", contradictions=(uncoded("the meter announces TEMPO"),))
    assert ("cost of site 0219", Level.TROUBLE, "the meter announces TEMPO") in of_cost(paid)


def test_an_invalid_file_needs_a_person() -> None:
    assert of_cost(problem=TariffError("contracts.toml", 2, "no")) == [
        ("cost", Level.TROUBLE, "contracts.toml, line 2: no")
    ]


HOUR_MS = 3_600_000
FOLDER = Path("/mnt/usb")


@pytest.mark.parametrize(
    ("backup", "level", "sentence"),
    [
        (BackupFacts(), Level.NOTE, "there is no nightly backup"),
        (BackupFacts(FOLDER), Level.NOTE, "there is no backup in /mnt/usb yet"),
        (
            BackupFacts(FOLDER, NOW_MS - 8 * HOUR_MS, NOW_MS - 9 * HOUR_MS),
            Level.OK,
            "backups are in /mnt/usb; the newest is from 2026-11-21 05:00:00 (8 h ago)",
        ),
        (
            BackupFacts(FOLDER, NOW_MS - 33 * HOUR_MS, NOW_MS - 9 * HOUR_MS),
            Level.TROUBLE,
            "last night's backup is missing; the newest is from 2026-11-20 04:00:00 (33 h ago)",
        ),
        (BackupFacts(FOLDER, NOW_MS - 25 * HOUR_MS, NOW_MS - HOUR_MS), Level.OK, None),  # it may be in progress
        (BackupFacts(FOLDER, None, NOW_MS, uncoded("no disk")), Level.TROUBLE, "no disk; there is none yet"),
        # One was made by hand since.
        (
            BackupFacts(FOLDER, NOW_MS - 8 * HOUR_MS, NOW_MS - 9 * HOUR_MS, uncoded("no disk")),
            Level.NOTE,
            "no disk; the newest is from 2026-11-21 05:00:00 (8 h ago)",
        ),
    ],
)
def test_backups_that_are_late_or_fail_need_a_person(backup: BackupFacts, level: Level, sentence: str | None) -> None:
    (found,) = [each for each in shown(replace(WELL, backup=backup)) if each.about == "backup"]
    assert found.level is level
    assert sentence in {None, found.sentence}
    assert (found.advice is None) is (level is Level.OK)


def test_a_backup_on_the_ledgers_own_disk_is_noted() -> None:
    backup = BackupFacts(FOLDER, NOW_MS - HOUR_MS, NOW_MS - 2 * HOUR_MS, is_on_ledgers_disk=True)
    assert findings_about(replace(WELL, backup=backup), "backup")[1] == (
        Level.NOTE,
        "/mnt/usb is on the same disk as the ledger: a disk failure takes both",
    )


SINK = SinkCounts("influxdb", 0, None, 0, 0, 0, 0, 0, 0, None)
COPIED = replace(
    WELL, ledger=replace(LEDGER, sinks=(SINK,)), sinks=(SinkFacts("influxdb", "InfluxDB", "http://nas:8086"),)
)


def about_influxdb(facts: Facts) -> list[tuple[Level, str]]:
    return [(each.level, each.sentence) for each in shown(facts) if each.about == "sink influxdb"]


def test_a_healthy_replication_is_reported_and_a_missing_one_is_not() -> None:
    assert about_influxdb(WELL) == []
    assert about_influxdb(COPIED) == [
        (Level.OK, "InfluxDB at http://nas:8086 answers and has what it needs"),
        (Level.OK, "it has every frame; no window to aggregate"),
    ]


def test_a_delayed_or_rejected_replication_is_reported() -> None:
    sink = replace(
        SINK,
        oldest_ms=NOW_MS - 3 * 3_600_000,
        windows=2,
        rejected=7,
        newest_rejected=RejectedPoint("tictally_raw", "field type conflict", "tic x=1"),
    )
    where = SinkFacts("influxdb", "InfluxDB", "http://nas:8086", uncoded("it cannot be reached"))
    behind = replace(COPIED, ledger=replace(LEDGER, sinks=(sink,)), sinks=(where,))
    assert about_influxdb(behind) == [
        (Level.TROUBLE, "it cannot be reached"),
        (Level.TROUBLE, "the oldest frame that it lacks arrived 3 h ago; 2 windows to aggregate"),
        (Level.NOTE, "7 points rejected; the newest, for tictally_raw: field type conflict"),
    ]


def test_findings_are_data_with_an_english_sentence() -> None:
    found = json.loads(as_json(diagnose(with_edge("offline", health()), PARIS)))
    (offline,) = [each for each in found if each["code"] == "edge_offline"]
    assert offline["about"] == "edge pi"
    assert offline["level"] == "trouble"
    assert offline["parameters"] == {
        "newest": {"code": "newest_frame", "parameters": {"time": "2026-11-21T12:59:58+01:00", "age": 2}}
    }
    assert offline["text"] == f"it is offline; {NEWEST}"
    assert offline["advice"].startswith("check on its machine")


def test_findings_are_shown_in_french() -> None:
    found = shown(with_ledger(free_bytes=4_200_000_000), "fr")
    assert [each.sentence for each in found if each.about == "registre"] == [
        "le registre /l.sqlite est lisible : version 1, 12 Mo, 1200 trames",
        "son contrôle d\u2019intégrité ne trouve aucune erreur",
        "il reste 4,2 Go sur son disque",
    ]
    (edge,) = [each for each in found if each.about == "lecteur pi"]
    assert edge.sentence == "il est en ligne ; sa dernière trame date du 21/11/2026 à 12:59:58 (il y a 2 s)"


DISPUTES = {
    "two recorders of a name": ({"name_conflicts": 2}, None, "recorder: another recorder has its name too"),
    "a copied ledger": ({"client_id_conflicts": 1}, None, "that one uses a copy of this ledger"),
    "a broker with small packets": ({"messages_withheld": 3}, None, "3 messages were not published"),
    "two edges of a name": ({}, {"name_conflicts": 4}, "edge pi: another edge uses its name too: noticed 4 times"),
    "an edge at a broker with small packets": ({}, {"messages_withheld": 1}, "edge pi: 1 message was not published"),
    "too many meters": ({"edges_at_limit": {"pi": ["meters"]}}, None, "edge pi: it sends frames of more meters"),
    "too many boots": ({"edges_at_limit": {"pi": ["boots"]}}, None, "edge pi: it has begun more boots in a day"),
    "too much deferred": ({"edges_at_limit": {"pi": ["deferred"]}}, None, "edge pi: there is no more room"),
    "a number for too many": ({"edges_at_limit": {"pi": ["conflicts"]}}, None, "edge pi: it has used a number"),
}


@pytest.mark.parametrize("case", DISPUTES)
def test_what_is_used_twice_or_limited_needs_a_person(case: str) -> None:
    of_recorder, of_edge, sentence = DISPUTES[case]
    edges = {"pi": EdgeFacts("online", health(**(of_edge or {})))}  # type: ignore[arg-type]
    facts = replace(WELL, recorder_health=json.dumps(of_recorder).encode(), edges=edges)
    found = [text for level, text, advice in lines(diagnose(facts, PARIS), "en") if level is Level.TROUBLE and advice]
    assert len(found) == 1
    assert sentence in found[0]


def test_numbers_that_were_used_twice_and_an_open_file_are_noted() -> None:
    facts = replace(WELL, ledger=replace(LEDGER, conflicts={"pi": 43}, is_readable_by_all=True))
    found = {text for level, text, _ in lines(diagnose(facts, PARIS), "en") if level is Level.NOTE}
    assert "edge pi: 43 frames came with numbers that it had used before; they are stored" in found
    assert "ledger: every user of this machine may read it" in found


@pytest.mark.parametrize("payload", [b"", b"[1]", b'{"edges_at_limit": {"pi": 7}, "name_conflicts": "x"}'])
def test_a_recorders_health_of_another_form_is_ignored(payload: bytes) -> None:
    assert [each[0] for each in lines(diagnose(replace(WELL, recorder_health=payload), PARIS), "en")] == [
        each[0] for each in lines(diagnose(WELL, PARIS), "en")
    ]
