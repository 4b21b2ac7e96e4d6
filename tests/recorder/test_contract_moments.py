"""Contracts that begin or end at a moment: in the file, in cost, in bills, also where clocks change; sums by hand."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cost_building import PARIS, SURPLUS_FILE, d, english, words
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_building import NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost import Quality, Terms
from tictally_recorder.cost.contracts import Contract, ContractError, Contracts, TariffsNamed
from tictally_recorder.cost.contracts.load import parse_contracts
from tictally_recorder.cost.contracts.moments import DayOrMoment, as_end, day_or_moment
from tictally_recorder.cost.fingerprint import Fingerprints
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.hubs.site_state import applied_tariff
from tictally_recorder.ledger import CostDay, CostEntry, CostLine, Ledger, LedgerReader
from tictally_recorder.sinks.influxdb.points import from_cost_day
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import catalogue
from tictally_shared.calendar import day_bounds_ms

BASE = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'
HPHC = '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 9\nfrom = {}\n'
QUARTER_MS = 900_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1000


def moment(time_ms: int) -> DayOrMoment:
    return day_or_moment("from", datetime.fromtimestamp(time_ms // 1000, UTC), PARIS)


class Home:
    """A ledger with a frame each quarter-hour of a day, 100 Wh off-peak and 300 Wh peak in each."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def meter(self, start: str, end: str) -> None:
        times = range(ms(start), ms(end) + 1, QUARTER_MS)
        with Ledger.open(self.folder / "ledger.sqlite") as ledger:
            ledger.store(
                [
                    message(
                        frame(
                            number + 1,
                            time_ms,
                            {
                                "NGTF": "H PLEINE/CREUSE",
                                "EAST": 1_000_000 + number * 400,
                                "EASF01": 400_000 + number * 100,
                                "EASF02": 600_000 + number * 300,
                            },
                        ),
                        arrived_ms=NOON_MS,
                    )
                    for number, time_ms in enumerate(times)
                ]
            )

    def contracts(self, *texts: str) -> None:
        (self.folder / "contracts.toml").write_text("\n".join(texts))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    def rows(self, contracts: Contracts, day: str) -> list[tuple[str, str | None, int, Decimal | str]]:
        """Tariff, period, Wh and amount, or the reason why there is none."""
        terms = Terms(contracts, load_catalogue().tariffs)
        with LedgerReader.open(self.folder / "ledger.sqlite") as reader:
            (site,) = reader.sites()
            found = cost_of(reader, SiteDays(site, d(day), d(day) + timedelta(days=1), PARIS), terms)
        return [
            (
                each.version.id.split()[0] if each.version else "",
                each.period,
                each.energy_wh,
                each.amount.quantize(Decimal("1E-6")) if each.amount is not None else str(words(each.reason)),
            )
            for each in found
            if each.amount is not None or each.reason is not None
        ]


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("TICTALLY_CONFIG", "TICTALLY_CONTRACTS", "TICTALLY_TARIFFS", "TICTALLY_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "200")
    return Home(tmp_path, capsys)


def read(text: str) -> Contracts:
    return parse_contracts(text, "contracts.toml", TariffsNamed(load_catalogue().tariffs, PARIS))


def test_a_contract_from_a_moment_divides_the_day_exactly_there(home: Home) -> None:
    home.meter("2025-03-10T00:00+01:00", "2025-03-11T00:00+01:00")
    # 57 quarter-hours until 14:15, 39 after it, of 96
    assert home.rows(read(BASE + HPHC.format("2025-03-10T14:15:00")), "2025-03-10") == [
        ("edf-bleu-base", "BASE", 22_800, Decimal("4.596480")),  # 22.8 x 0.2016
        ("edf-bleu-base", None, 0, Decimal("0.262782")),  # 13.72 / 31 x 57 / 96
        ("edf-bleu-hphc", "HC", 3_900, Decimal("0.661440")),  # 3.9 x 0.1696
        ("edf-bleu-hphc", "HP", 11_700, Decimal("2.510820")),  # 11.7 x 0.2146
        ("edf-bleu-hphc", None, 0, Decimal("0.236018")),  # 18.01 / 31 x 39 / 96
    ]


@pytest.mark.parametrize(
    ("moment", "before", "after"),
    [
        # A day of 25 hours: 02:30 in summer time comes 10 quarter-hours after midnight, in winter time 14.
        ("2025-10-26T02:30:00+02:00", 10, 90),
        ("2025-10-26T02:30:00+01:00", 14, 86),
        ("2025-10-26T00:30:00Z", 10, 90),
        ("2025-10-26T03:30:00", 18, 82),
    ],
)
def test_the_hour_that_comes_twice_is_told_apart_by_its_offset(
    home: Home, moment: str, before: int, after: int
) -> None:
    home.meter("2025-10-26T00:00+02:00", "2025-10-27T00:00+01:00")
    rows = home.rows(read(BASE + BASE.replace("power = 6", "power = 9").replace("2025-01-01", moment)), "2025-10-26")
    # 0.4 kWh each at 0.1952; subscriptions of 6 and 9 kVA a month: 15.47 and 19.39
    expected = [
        ("BASE", before * 400, before * Decimal("0.07808")),
        (None, 0, before * Decimal("15.47") / 31 / 100),
        ("BASE", after * 400, after * Decimal("0.07808")),
        (None, 0, after * Decimal("19.39") / 31 / 100),
    ]
    assert [row[1:] for row in rows] == [(*each[:2], each[2].quantize(Decimal("1E-6"))) for each in expected]


def test_a_day_of_23_hours_has_a_92nd_of_its_subscription_for_each_quarter(home: Home) -> None:
    home.meter("2025-03-30T00:00+01:00", "2025-03-31T00:00+02:00")
    rows = home.rows(read(BASE + HPHC.format("2025-03-30T03:00:00")), "2025-03-30")
    # 03:00 comes 8 quarter-hours after midnight.
    assert rows[0] == ("edf-bleu-base", "BASE", 3_200, Decimal("0.645120"))
    assert rows[1][3] == (Decimal("13.72") / 31 * 8 / 92).quantize(Decimal("1E-6"))
    assert rows[-1][3] == (Decimal("18.01") / 31 * 84 / 92).quantize(Decimal("1E-6"))
    assert sum(row[2] for row in rows) == 92 * 400


def test_before_the_first_moment_and_after_the_end_nothing_is_guessed(home: Home) -> None:
    home.meter("2025-03-10T00:00+01:00", "2025-03-11T00:00+01:00")
    moving = BASE.replace("2025-01-01", "2025-03-10T10:00:00\nuntil = 2025-03-10T18:00:00")
    begun = "the contract begins on 2025-03-10 10:00+01:00"
    ended = "the contract ended on 2025-03-10 18:00+01:00"
    assert [row[1:] for row in home.rows(read(moving), "2025-03-10")] == [
        ("HC", 4_000, begun),
        ("HP", 12_000, begun),
        (None, 0, begun),
        ("BASE", 12_800, Decimal("2.580480")),  # 32 x 0.4 x 0.2016
        (None, 0, Decimal("0.147527")),  # 13.72 / 31 / 3
        ("HC", 2_400, ended),
        ("HP", 7_200, ended),
        (None, 0, ended),
    ]


def test_two_changes_in_one_day_leave_each_its_part(home: Home) -> None:
    home.meter("2025-03-10T00:00+01:00", "2025-03-11T00:00+01:00")
    nine = BASE.replace("power = 6", "power = 9")
    text = BASE + nine.replace("2025-01-01", "2025-03-10T06:00:00") + BASE.replace("2025-01-01", "2025-03-10T12:00:00")
    assert [row[2] for row in home.rows(read(text), "2025-03-10") if row[1]] == [9_600, 9_600, 19_200]


def test_a_contract_of_injection_within_a_gap_leaves_consumption_measured(home: Home) -> None:
    home.meter("2025-03-10T00:00+01:00", "2025-03-10T12:00+01:00")
    with Ledger.open(home.folder / "ledger.sqlite") as ledger:
        values: dict[str, int | str] = {
            "NGTF": "H PLEINE/CREUSE",
            "EAST": 1_040_000,
            "EASF01": 410_000,
            "EASF02": 630_000,
            "EAIT": 900,
        }
        ledger.store([message(frame(99, ms("2025-03-11T00:00+01:00"), values))])
    (home.folder / "tariffs").mkdir()
    (home.folder / "tariffs" / "surplus.toml").write_text(SURPLUS_FILE)
    tariffs = load_catalogue(home.folder / "tariffs").tariffs
    text = BASE + '[[contract]]\ntariff = "surplus"\nfrom = 2025-03-10T16:00:00\n'
    terms = Terms(parse_contracts(text, "contracts.toml", TariffsNamed(tariffs, PARIS)), tariffs)
    with LedgerReader.open(home.folder / "ledger.sqlite") as reader:
        (site,) = reader.sites()
        rows = cost_of(reader, SiteDays(site, d("2025-03-10"), d("2025-03-11"), PARIS), terms)
    base = next(row for row in rows if row.period == "BASE")
    assert (base.energy_wh, base.quality, len(base.parts)) == (40_000, Quality.MEASURED, 1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5 * 96), st.integers(1, 3 * 96), st.booleans()),
        min_size=1,
        max_size=6,
        unique_by=lambda each: each[0],
    )
)
def test_spans_divide_every_day_by_the_contract_of_each_moment(drawn: list[tuple[int, int, bool]]) -> None:
    """Contracts from some quarter-hours on, some of which end, over the days around a change of the clock."""
    first_ms = ms("2025-10-24T00:00+02:00")
    drawn.sort()
    made: list[tuple[int, int, Contract]] = []
    for number, (start, length, ends) in enumerate(drawn):
        follows = drawn[number + 1][0] if number + 1 < len(drawn) else 10_000
        end = min(start + length, follows) if ends else follows
        begin = moment(first_ms + start * QUARTER_MS)
        until = moment(first_ms + end * QUARTER_MS)
        last = as_end(until, is_moment=True)
        contract = Contract(
            None,
            f"t{number}",
            begin.day,
            last.day if ends else None,
            starts_at=begin.at,
            ends_at=last.at if ends else None,
        )
        made.append((start, end, contract))
    contracts = Contracts(contract for _, _, contract in made)
    for day in (d("2025-10-24") + timedelta(days=n) for n in range(8)):
        bounds = day_bounds_ms(day, PARIS)
        spans = contracts.spans("home", Direction.CONSUMPTION, day, bounds)
        assert [spans[0].start_ms, *(each.end_ms for each in spans)] == [*(each.start_ms for each in spans), bounds[1]]
        for time_ms in range(bounds[0], bounds[1], QUARTER_MS):
            quarter = (time_ms - first_ms) // QUARTER_MS
            holds = next((contract for start, end, contract in made if start <= quarter < end), None)
            (span,) = (each for each in spans if each.start_ms <= time_ms < each.end_ms)
            assert span.contract is holds
            assert contracts.at("home", Direction.CONSUMPTION, day, time_ms) is holds
        expected = [each.contract for each in spans if each.contract]
        assert [*contracts.touching("home", Direction.CONSUMPTION, day)] == expected


def test_a_midnight_is_the_day_itself() -> None:
    (contract,) = read(BASE.replace("2025-01-01", "2025-01-01T00:00:00\nuntil = 2025-06-01T00:00:00")).all
    assert (contract.start, contract.starts_at, contract.until, contract.ends_at) == (
        d("2025-01-01"),
        None,
        d("2025-05-31"),
        None,
    )


def test_the_stored_cost_of_a_day_changes_with_the_moment_of_its_contract() -> None:
    one, other = (read(BASE + HPHC.format(f"2025-03-10T{hour}:00:00")) for hour in ("14", "15"))
    keys = [Fingerprints(Terms(each, load_catalogue().tariffs), PARIS) for each in (one, other)]
    for day, is_same in (("2025-03-09", True), ("2025-03-10", False), ("2025-03-11", True)):
        made = {each.of("021900000002", d(day), ()) for each in keys}
        assert (len(made) == 1) is is_same


def test_the_tariff_of_now_is_that_of_the_moment() -> None:
    terms = Terms(read(BASE + HPHC.format("2025-03-10T14:15:00")), load_catalogue().tariffs)
    found = [
        applied_tariff("home", Direction.CONSUMPTION, d("2025-03-10"), terms, ms(f"2025-03-10T{clock}+01:00"))
        for clock in ("00:00", "14:14:59", "14:15", "23:59")
    ]
    assert [each.tariff.id for each in found if each] == ["edf-bleu-base"] * 2 + ["edf-bleu-hphc"] * 2


@pytest.mark.parametrize(
    ("text", "english_words", "french_words"),
    [
        (
            BASE.replace("2025-01-01", "2025-03-30T02:30:00"),
            "2025-03-30 02:30:00: that time does not exist in Europe/Paris",
            "existe pas dans le fuseau Europe/Paris",
        ),
        (
            BASE.replace("2025-01-01", "2025-10-26T02:30:00"),
            "write 2025-10-26T02:30:00+02:00 for the first time, or 2025-10-26T02:30:00+01:00 for the second",
            "écrivez 2025-10-26T02:30:00+02:00 pour la première fois, ou 2025-10-26T02:30:00+01:00 pour la seconde",
        ),
        (
            BASE.replace("2025-01-01", "2025-03-10T14:07:00"),
            "energy is known by the quarter-hour",
            "énergie est connue au quart",
        ),
        (
            BASE.replace("2025-01-01", "2025-03-10T14:00"),
            "2025-03-10T14:00 has no seconds; write a time as 2025-08-01T14:00:00",
            "une heure s",
        ),
        (BASE.replace("2025-01-01", "14:00:00"), "is neither a date", "est ni une date"),
        (BASE.replace("2025-01-01", "0001-01-01T00:00:00+14:00"), "is neither a date", "est ni une date"),
    ],
)
def test_a_moment_that_cannot_be_used_names_line_and_cure(text: str, english_words: str, french_words: str) -> None:
    with pytest.raises(ContractError) as refused:
        read(text)
    assert refused.value.line == 4
    assert english_words in english([refused.value.problem])[0]
    assert french_words in catalogue("fr").phrase(refused.value.problem)


def test_contracts_that_overlap_within_a_day_are_refused() -> None:
    later = BASE.replace("2025-01-01", "2025-03-10T14:00:00")
    until = BASE + "until = {}\n"
    for end in ("2025-03-10", "2025-03-10T14:15:00"):
        with pytest.raises(ContractError, match="it begins on 2025-03-10 14:00"):
            read(until.format(end) + later)
    assert len(read(until.format("2025-03-10T14:00:00") + later).all) == 2
    with pytest.raises(ContractError, match="begin at the same time, 2025-03-10 14:00"):
        read(BASE + later + later)
    with pytest.raises(ContractError, match="before its start, 2025-03-10 14:00"):
        read(later + "until = 2025-03-10T13:00:00\n")


def test_a_bill_has_the_share_of_the_day_and_a_reading_of_the_moment(home: Home) -> None:
    home.meter("2025-03-10T00:00+01:00", "2025-03-11T00:00+01:00")
    home.contracts(BASE, HPHC.format("2025-03-10T14:15:00"))
    (bill,) = home.json("bill", "--from", "2025-03-10", "--to", "2025-03-11", "--advance", "0")
    assert [
        (each["period"], each["amount_rounded"], [part["days"] for part in each["months"]]) for each in bill["lines"]
    ] == [
        ("BASE", "4.60", []),
        ("HC", "0.66", []),
        ("HP", "2.51", []),
        (None, "0.26", [0.594]),
        (None, "0.24", [0.406]),
    ]
    billed = bill["as_billed"]
    # EAST 1000.0 -> 1022.8, EASF01 405.7 -> 409.6, EASF02 617.1 -> 628.8
    assert [(each["register"], each["former_kwh"], each["newer_kwh"]) for each in billed["readings"]] == [
        ("EAST", 1000, 1022),
        ("EASF01", 405, 409),
        ("EASF02", 617, 628),
    ]
    # 11.18 / 31 x 57 / 96 = 0.214134, 14.40 / 31 x 39 / 96 = 0.188710
    assert [(each["power_kva"], each["amount_ht"]) for each in billed["subscriptions"]] == [(6, "0.21"), (9, "0.19")]


def test_moments_are_written_listed_and_ended_by_the_command(home: Home) -> None:
    home.contracts(BASE)
    add = ("contract", "add", "--tariff", "edf-bleu-hphc", "--power", "9", "--from")
    assert home.run(*add, "2025-10-26T02:30")[0] == 2
    assert home.run(*add, "2025-03-10T14:1")[0] == 2
    assert home.run(*add, "2025-10-26T02:30+01:00")[0] == 0
    assert "from = 2025-10-26T02:30:00+01:00" in (home.folder / "contracts.toml").read_text()
    base, hphc = home.json("contract", "list")
    assert (base["until"], hphc["from"], hphc["until"]) == (
        "2025-10-26T02:30+01:00",
        "2025-10-26T02:30+01:00",
        None,
    )
    assert home.run("contract", "end", "2025-11-02 10:00")[0] == 0
    assert "until = 2025-11-02T10:00:00" in (home.folder / "contracts.toml").read_text()
    assert home.json("contract", "list")[1]["until"] == "2025-11-02T10:00+01:00"
    assert "no contract holds on 2025-11-02T11:00+01:00" in home.run("contract", "end", "2025-11-02T11:00")[2]


def test_both_parts_of_a_day_are_one_point_of_a_sink() -> None:
    def entry(amount: str | None, quality: str, price: str) -> CostEntry:
        version = "edf-bleu-base 2025-02-01"
        line = CostLine(
            *("consumption", "BASE", price, "EUR", version, "h", "CRE", "official", 6, quality),
            *((None, None) if amount else ("no_contract", "{}")),
        )
        return CostEntry(line, 400, amount, b"")

    def fields(*entries: CostEntry) -> dict[str, object]:
        (made,) = from_cost_day("home", CostDay(d("2025-03-10"), 0, 0, "", 0, entries), PARIS)
        return dict(made.fields)

    both = fields(entry("1.5", "estimated", "0.2"), entry("2.25", "measured", "0.2"))
    assert (both["amount"], both["energy_wh"], both["price"], both["quality"]) == (3.75, 800, 0.2, "estimated")
    in_part = fields(entry("1.5", "measured", "0.2"), entry(None, "unknown", "0.3"))
    assert "amount" not in in_part
    assert "price" not in in_part
    assert (in_part["quality"], in_part["reason"]) == ("unknown", "no_contract")
