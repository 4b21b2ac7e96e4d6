"""What is accepted of registers, readings, texts and the meter's clock."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tictally_edge.decoding.decoder import DecodedFrame, Decoder
from tictally_edge.decoding.groups import Fault
from tictally_edge.pipeline import Pipeline
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.exchange import ExchangedMeter
from tictally_edge.simulator.household import Overload
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.meter import HouseholdMeter, SimulatedMeter
from tictally_edge.validation.energy_registers import RegisterValue
from tictally_edge.validation.plausibility import STRONGEST_VA
from tictally_edge.validation.validator import FrameValidator, ValidatedFrame
from tictally_shared.labels import Mode

START = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


def frame(
    values: dict[str, int | str],
    at: float,
    dated: dict[str, str] | None = None,
    faults: frozenset[Fault] = frozenset(),
) -> DecodedFrame:
    mode = Mode.HISTORIQUE if values.keys() & {"BASE", "PAPP", "IINST", "HCHC", "ADPS"} else Mode.STANDARD
    rejected = {fault.reason: 1 for fault in faults}
    groups = len(values) + len(faults)
    return DecodedFrame(mode, None, values, dated or {}, True, rejected, groups, 0, False, 0, at, faults)  # noqa: FBT003


def validate_all(
    *frames: Mapping[str, int | str], validator: FrameValidator | None = None, every_s: float = 1.5
) -> list[ValidatedFrame]:
    validator = validator or FrameValidator()
    return [validator.validate(frame(dict(values), n * every_s)) for n, values in enumerate(frames)]


def base(*values: int, power: int = 1000) -> list[dict[str, int | str]]:
    return [{"BASE": value, "PAPP": power, "IINST": round(power / 230)} for value in values]


def outcome(label: str, frames: list[ValidatedFrame]) -> str:
    """A letter for each frame: A for accepted, u for unconfirmed, R for rejected."""
    return "".join("A" if label in each.values else "u" if label in each.unconfirmed else "R" for each in frames)


REGISTERS = {
    "without baseline two must agree": ([5000, 5000, 5001], "uAA"),
    "a wrong first value is overruled": ([90_000, 5000, 5000, 5001], "uuAA"),
    "a fall is rejected": ([5000, 5000, 4999, 5000], "uARA"),
    "a leap is rejected": ([5000, 5000, 6000, 5000], "uARA"),
    "a low digit that is wrong waits, and the next one shows it": ([5000, 5000, 5007, 5000, 5001], "uAuAA"),
    "a rise that the power does not explain waits for a second sighting": ([5000, 5000, 5006, 5006], "uAuA"),
    "three that agree overrule the baseline": ([5000, 5000, 100, 100, 101, 101], "uARRAA"),
    "three that do not agree overrule nothing": ([5000, 5000, 100, 300, 100, 5000], "uARRRA"),
}


@pytest.mark.parametrize("case", REGISTERS)
def test_a_register(case: str) -> None:
    values, expected = REGISTERS[case]
    assert outcome("BASE", validate_all(*base(*values))) == expected


RESTORED = {
    "what has not moved is accepted at once": ([5000, 5000], -3600.0, "AA"),
    "a rise waits, since no power was seen meanwhile": ([7000, 7000], -3600.0, "uA"),
    "more than the strongest meter could count meanwhile is rejected": ([5000 + 2 * STRONGEST_VA] * 3, -3600.0, "RRA"),
    "a fall is rejected": ([4999, 5000], -3600.0, "RA"),
    "a rise waits also after a short absence": ([5001, 5001], -2.0, "uA"),
    "unknown age: what has not moved is accepted at once": ([5000, 5000], None, "AA"),
    "unknown age: any rise waits": ([9_000_000, 9_000_000], None, "uA"),
    "unknown age: a wrong rise is not accepted when the next contradicts it": ([9_000_000, 5000, 5001], None, "uAA"),
    "unknown age: a fall is rejected": ([4999, 4999, 4999], None, "RRA"),
}


@pytest.mark.parametrize("case", RESTORED)
def test_a_restored_baseline(case: str) -> None:
    values, seen_at, expected = RESTORED[case]
    validator = FrameValidator({"BASE": RegisterValue(5000, seen_at)})
    assert outcome("BASE", validate_all(*base(*values), validator=validator)) == expected


def test_total_and_parts_that_moved_together_corroborate_the_first_rise_after_a_start() -> None:
    zeros: dict[str, int | str] = {f"EASF{n:02d}": 0 for n in range(2, 11)}
    baseline = {"EAST": 9000, "EASF01": 9000} | dict.fromkeys(zeros, 0)
    validator = FrameValidator({name: RegisterValue(value, None) for name, value in baseline.items()})
    first = validate_all({"EAST": 9700, "EASF01": 9700, "SINSTS": 200} | zeros, validator=validator)
    assert (outcome("EAST", first), outcome("EASF01", first)) == ("A", "A")


def test_total_and_parts_that_moved_together_are_accepted_at_once_whatever_the_power() -> None:
    def standard(total: int, part: int) -> dict[str, int | str]:
        zeros: dict[str, int | str] = {f"EASF{n:02d}": 0 for n in range(1, 11)}
        return {"EAST": total, **zeros, "EASF01": part, "SINSTS": 200}

    together = validate_all(standard(9000, 9000), standard(9000, 9000), standard(9009, 9009))
    assert (outcome("EAST", together), outcome("EASF01", together)) == ("uAA", "uAA")
    alone = validate_all(standard(9000, 9000), standard(9000, 9000), standard(9009, 9000))
    assert (outcome("EAST", alone), outcome("EASF01", alone)) == ("uAu", "uAA")


def test_a_rise_after_a_gap_waits_and_total_and_parts_corroborate_it_however_long_the_gap_was() -> None:
    zeros: dict[str, int | str] = {f"EASF{n:02d}": 0 for n in range(3, 11)}

    def standard(total: int, first: int, second: int, at: float) -> DecodedFrame:
        return frame({"EAST": total, "EASF01": first, "EASF02": second, "SINSTS": 300, **zeros}, at)

    def after(gap_s: float, *later: DecodedFrame) -> list[ValidatedFrame]:
        validator = FrameValidator()
        for n in range(4):
            validator.validate(standard(9000, 5000, 4000, n * 1.5 - 4.5 - gap_s))
        return [validator.validate(each) for each in later]

    for gap_s in (11.0, 60.0, 3600.0):
        wrong = after(gap_s, standard(9002, 5000, 4000, 0), standard(9000, 5000, 4000, 1.5))
        assert (outcome("EAST", wrong), outcome("EASF01", wrong)) == ("uA", "AA")
        right = after(gap_s, standard(9021, 5010, 4010, 0))  # each is rounded by itself
        assert [outcome(name, right) for name in ("EAST", "EASF01", "EASF02")] == ["A", "A", "A"]
    overloaded = FrameValidator()  # short frames go on for half a minute, and show what is consumed
    short: dict[str, int | str] = {"ADIR1": 45, "IINST1": 45, "IINST2": 1, "IINST3": 1}
    for n in range(4):
        overloaded.validate(frame({"BASE": 5000, "PAPP": 9000, "IINST1": 40, "IINST2": 1, "IINST3": 1}, n * 1.5))
    for n in range(4, 24):
        overloaded.validate(frame(short, n * 1.5))
    assert outcome("BASE", [overloaded.validate(frame({"BASE": 5090, "PAPP": 10_000, "IINST1": 44}, 36.0))]) == "A"
    historique = FrameValidator()
    seen = [(5000, -14.0), (5000, -12.5), (5000, -11.0), (5001, 0.0), (5001, 1.5)]
    frames = [historique.validate(frame({"BASE": value, "PAPP": 300}, at)) for value, at in seen]
    assert outcome("BASE", frames) == "uAAuA"


def test_a_slow_source_is_decided_by_plausibility_alone() -> None:
    assert outcome("BASE", validate_all(*base(5000, 5000, 5200, power=0), every_s=60)) == "uAA"


def historique(power: int, current: int) -> dict[str, int | str]:
    return {"PAPP": power, "IINST": current}


LIVE_LABELS = {
    "small changes are accepted": ([(500, 2), (520, 2), (510, 2)], "PAPP", "AAA"),
    "a jump with its current is accepted at once": ([(500, 2), (3200, 14)], "PAPP", "AA"),
    "a jump without its current waits": ([(500, 2), (5000, 2), (510, 2)], "PAPP", "AuA"),
    "a jump without its current is accepted the second time": ([(500, 2), (5000, 2), (5010, 2)], "PAPP", "AuA"),
    "a restless load within its current is accepted": ([(900, 4), (980, 4), (1070, 4), (830, 4)], "PAPP", "AAAA"),
    "steps of a coarse rounding are accepted": ([(500, 2), (550, 2), (450, 2), (600, 2), (400, 2)], "PAPP", "AAAAA"),
    "a power of nothing while a producer's current flows": ([(500, 2), (0, 3), (0, 7), (500, 2)], "PAPP", "AAAA"),
    "the current of a producer whose power is 0": ([(0, 3), (0, 7), (0, 12), (0, 5)], "IINST", "AAAA"),
    "a power that its current contradicts grossly is never accepted": (
        [(500, 2)] + [(48_000, 2)] * 5,
        "PAPP",
        "ARRRRR",
    ),
    "a current that its power supports is accepted at once": ([(500, 2), (3200, 14)], "IINST", "AA"),
    "a current that jumps alone waits": ([(500, 2), (500, 20), (500, 2)], "IINST", "AuA"),
    "a current that no meter carries is rejected": ([(500, 2), (500, 900)], "IINST", "AR"),
}


@pytest.mark.parametrize("case", LIVE_LABELS)
def test_a_live_reading(case: str) -> None:
    readings, label, expected = LIVE_LABELS[case]
    assert outcome(label, validate_all(*(historique(*each) for each in readings))) == expected


def validate_on_noise(*readings: Mapping[str, int | str]) -> list[ValidatedFrame]:
    """What is accepted of frames after ten others, each with another group rejected."""
    validator = FrameValidator()
    frames = [
        validator.validate(frame(dict(each), n * 1.5, faults=frozenset({Fault("checksum", f"X{n}")})))
        for n, each in enumerate([readings[0]] * 10 + list(readings))
    ]
    return frames[10:]


def test_on_a_noisy_line_a_value_that_only_fits_its_frame_waits() -> None:
    readings = [historique(*each) for each in [(900, 4), (980, 4), (1070, 4), (990, 4), (900, 4)]]
    assert outcome("PAPP", validate_on_noise(*readings)) == "AuAuA"


def test_on_a_noisy_line_a_label_that_was_never_seen_waits_for_a_second_sighting() -> None:
    known: dict[str, int | str] = {"URMS1": 230, "MSG2": "A"}
    other: dict[str, int | str] = {"URMS3": 206, "MSG1": "B"}
    frames = validate_on_noise(known, known | other, known, known | other, known | other)
    assert [outcome(label, frames) for label in known] == ["AAAAA", "AAAAA"]
    assert [outcome(label, [frames[1], *frames[3:]]) for label in other] == ["uAA", "uAA"]


def test_on_a_noisy_line_a_step_of_the_meters_own_rounding_is_accepted_and_nothing_between_its_steps() -> None:
    powers = [500 + 50 * (n % 2) for n in range(40)] + [520, 500]
    validator = FrameValidator()
    frames = [
        validator.validate(frame(historique(each, 2), n * 1.5, faults=frozenset({Fault("checksum", f"X{n}")})))
        for n, each in enumerate(powers)
    ]
    found = outcome("PAPP", frames)
    assert set(found[30:40]) == {"A"}
    assert found[40:] == "uA"


def test_a_fault_that_repeats_in_every_frame_is_no_noise_and_withholds_nothing() -> None:
    broken = frozenset({Fault("checksum", "ADCO")})
    validator = FrameValidator()
    frames = [validator.validate(frame(historique(450 + n * 37 % 200, 2), n * 1.5, faults=broken)) for n in range(40)]
    assert set(outcome("PAPP", frames)[25:]) == {"A"}
    assert (frames[-1].repeated, frames[0].repeated) == (broken, frozenset())


def test_on_a_line_that_was_clean_for_long_a_power_may_lag_behind_its_current() -> None:
    readings = [(500, 2)] * 20 + [(500, 14), (3200, 14), (3200, 2), (500, 2)]
    frames = validate_all(*(historique(*each) for each in readings))
    assert (outcome("PAPP", frames), outcome("IINST", frames)) == ("A" * 24, "A" * 24)


def test_a_current_without_its_power_in_the_frame_is_accepted_on_a_clean_line() -> None:
    whole: dict[str, int | str] = {"PAPP": 540, "IINST1": 1, "IINST2": 1, "IINST3": 0}
    short: dict[str, int | str] = {"ADIR1": 1, "IINST1": 1, "IINST2": 9, "IINST3": 0}
    assert outcome("IINST2", validate_all(whole, short, short)) == "AAA"


def test_a_voltage_that_falls_when_a_load_switches_on_is_accepted_on_a_clean_line() -> None:
    seen: list[dict[str, int | str]] = [{"URMS1": 238}, {"URMS1": 229}, {"URMS1": 237}]
    assert outcome("URMS1", validate_all(*seen)) == "AAA"


def test_phases_of_a_phantom_power_are_rejected_however_often_they_come() -> None:
    phantom: dict[str, int | str] = {"SINSTS": 1407, "SINSTS1": 48_370, "IRMS1": 2, "IRMS2": 2, "IRMS3": 2}
    frames = validate_all(*[phantom] * 10)
    assert outcome("SINSTS1", frames) == "R" * 10
    assert outcome("SINSTS", frames)[-1] == "A"


TEXTS: dict[str, tuple[list[str], str]] = {
    "the very first at once": (["HC.."], "A"),
    "a change on its second equal sighting": (["HC..", "HP..", "HP.."], "AuA"),
    "one that came alone is forgotten": (["HC..", "HP..", "HC..", "HP..", "HP.."], "AuAuA"),
    "two different ones confirm nothing": (["HC..", "HP..", "TH..", "HP.."], "Auuu"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_text(case: str) -> None:
    texts, expected = TEXTS[case]
    assert outcome("PTEC", validate_all(*({"PTEC": text} for text in texts))) == expected


def test_a_number_that_changes_rarely_is_confirmed_with_its_horodate() -> None:
    validator = FrameValidator()
    morning, noon = "2026-03-02T07:00:00+01:00", "2026-03-02T12:00:00+01:00"
    seen = [(700, morning), (900, noon), (900, morning), (900, noon), (900, noon)]
    decoded = [frame({"SMAXSN": value}, n, {"SMAXSN": horodate}) for n, (value, horodate) in enumerate(seen)]
    frames = [validator.validate(each) for each in decoded]
    assert outcome("SMAXSN", frames) == "AuuuA"
    assert frames[-1].dated == {"SMAXSN": noon}


def test_a_maximum_that_rises_in_every_frame_is_accepted_on_a_line_that_was_clean_for_long() -> None:
    rising = [8000] * 20 + [8000 + 10 * n for n in range(10)]
    frames = validate_all(*({"PMAX": power, "PAPP": power, "IINST1": 35} for power in rising))
    assert outcome("PMAX", frames) == "A" * 30


def test_the_overload_bit_is_accepted_at_once_and_nothing_else_of_a_changed_status() -> None:
    calm, overloaded, other = "013A0401", "013A0481", "023A0481"
    frames = validate_all({"STGE": calm}, {"STGE": other}, {"STGE": other})
    assert [each.values.get("STGE") for each in frames] == [calm, overloaded, other]


def test_an_alarm_is_accepted_at_once() -> None:
    frames = validate_all({"ADPS": 46, "PAPP": 10_500})
    assert frames[0].values["ADPS"] == 46


def test_the_meters_clock_goes_on_or_is_confirmed() -> None:
    validator = FrameValidator()
    seconds = [0, 1, 3600, 3, 9000, 9001]
    frames = [
        validator.validate(frame({}, float(n), {"DATE": (START + timedelta(seconds=second)).isoformat()}))
        for n, second in enumerate(seconds)
    ]
    assert ["DATE" in each.dated for each in frames] == [True, True, False, True, False, True]


def validated_frames(meter: HouseholdMeter, interval_s: float | None, count: int) -> tuple[list[ValidatedFrame], int]:
    decoder, pipeline = Decoder(), Pipeline()
    begin = meter.moment
    found = []
    for _, (moment, line) in zip(range(count), simulated_frames(meter, interval_s), strict=False):
        decoded = decoder.feed(line, (moment - begin).total_seconds())
        found += [each.validated for frame in decoded for each in pipeline.add(frame)]
    return found, pipeline.pending


@given(
    contract=st.sampled_from(list(SimulatedContract)),
    mode=st.sampled_from(list(Mode)),
    phases=st.sampled_from([1, 3]),
    producer=st.booleans(),
    seed=st.integers(0, 9),
    interval_s=st.sampled_from([None, 5.0, 60.0]),
)
@settings(max_examples=25, deadline=None)
def test_nothing_is_rejected_on_an_undamaged_line(  # noqa: PLR0913, PLR0917 - one of each thing that makes a line
    contract: SimulatedContract, mode: Mode, phases: int, producer: bool, seed: int, interval_s: float | None
) -> None:
    overload = Overload(START + timedelta(seconds=60), 30, 120)
    meter = SimulatedMeter(contract, mode, start=START, phases=phases, producer=producer, seed=seed, overload=overload)
    frames, pending = validated_frames(meter, interval_s, 200)
    assert len(frames) == 200
    assert pending == 0
    assert [each.rejected for each in frames if each.rejected] == []
    # The registers of every frame that shows them are there, the very first one's too: no kWh waits for confirmation.
    assert [each for each in frames if any(name.startswith(("EAS", "BASE", "HC")) for name in each.unconfirmed)] == []


ROUNDINGS = [(10, 1, False), (25, 1, False), (50, 1, False), (50, 3, False), (50, 1, True), (20, 3, True)]


@pytest.mark.parametrize(("rounding_va", "phases", "producer"), ROUNDINGS)
def test_five_hours_of_a_coarse_historique_meter_lack_no_value(
    rounding_va: int, phases: int, *, producer: bool
) -> None:
    meter = SimulatedMeter(
        SimulatedContract.HPHC,
        Mode.HISTORIQUE,
        start=datetime(2026, 7, 2, 16, 30, tzinfo=UTC),
        phases=phases,
        producer=producer,
        rounding_va=rounding_va,
    )
    frames, _ = validated_frames(meter, None, int(5 * 3600 / (1.6 if phases == 1 else 2.4)))
    assert len({each.values["PAPP"] for each in frames}) > 10
    assert all(int(each.values["PAPP"]) % rounding_va == 0 for each in frames)
    assert [each.rejected for each in frames if each.rejected] == []
    assert [each.unconfirmed for each in frames if each.unconfirmed - {"PTEC"}] == []


def test_after_an_exchange_every_frame_of_the_new_meter_has_its_registers() -> None:
    old = SimulatedMeter(SimulatedContract.HPHC, Mode.STANDARD, start=START, number="021961000001")
    meter = ExchangedMeter(old, START + timedelta(seconds=300), "021961000002")
    frames, _ = validated_frames(meter, 60.0, 20)
    assert len(frames) == 20
    assert all("EAST" in each.values and not each.rejected for each in frames)


def test_noise_alone_makes_no_frame_that_is_good() -> None:
    decoder = Decoder()
    noise = bytes(range(256)) * 40
    assert all(len(each.values) == 0 for each in decoder.feed(noise))
