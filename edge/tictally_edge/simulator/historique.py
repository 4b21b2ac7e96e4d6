"""A reading as the groups of a historique frame, in a Linky's order. Source: Enedis-NOI-CPT_54E §5.3."""

from collections.abc import Iterator
from random import Random
from typing import Final

from tictally_edge.simulator.contracts import TERMS, SimulatedContract
from tictally_edge.simulator.encode import EncodedGroup
from tictally_edge.simulator.peakdays import DayColour
from tictally_edge.simulator.reading import Reading

FINEST_ROUNDING_VA: Final = 10
_AMPERES_PER_KVA: Final = 5  # ISOUSC counts 200 V
_TOMORROW: Final = {None: "----", DayColour.BLUE: "BLEU", DayColour.WHITE: "BLAN", DayColour.RED: "ROUG"}
_PEJP: Final = EncodedGroup("PEJP", "30")


def registers(reading: Reading) -> dict[str, int]:
    """The contract's registers by label, in Wh."""
    return {p.register: reading.energy.supplier[p.number - 1] for p in TERMS[reading.contract].periods}


def historique_groups(reading: Reading) -> tuple[EncodedGroup, ...]:
    """The frame now; in three-phase a short one while a phase is overloaded."""
    # PAPP is consumption, and 0 while more is injected; IINST is the current whichever way it flows.
    amperes = reading.today.amperes(reading.step)
    if reading.phases == 3 and reading.is_overloaded:  # noqa: PLR2004 - phases
        return tuple(_short(reading, amperes))
    return tuple(_full(reading, amperes))


def _subscribed_a(reading: Reading) -> int:
    return reading.subscribed_kva * _AMPERES_PER_KVA // reading.phases


def _short(reading: Reading, amperes: tuple[int, ...]) -> Iterator[EncodedGroup]:
    for phase, ampere in enumerate(amperes, 1):
        if ampere > _subscribed_a(reading):
            yield EncodedGroup(f"ADIR{phase}", f"{ampere:03d}")
    yield EncodedGroup("ADCO", reading.number)
    for phase, ampere in enumerate(amperes, 1):
        yield EncodedGroup(f"IINST{phase}", f"{ampere:03d}")


def _full(reading: Reading, amperes: tuple[int, ...]) -> Iterator[EncodedGroup]:
    tariff = reading.tariff
    yield EncodedGroup("ADCO", reading.number)
    yield EncodedGroup("OPTARIF", TERMS[reading.contract].optarif)
    yield EncodedGroup("ISOUSC", f"{_subscribed_a(reading):02d}")
    for register, energy_wh in registers(reading).items():
        yield EncodedGroup(register, f"{energy_wh:09d}")
    if tariff.ejp_notice:
        yield _PEJP
    yield EncodedGroup("PTEC", tariff.period.ptec)
    if reading.contract is SimulatedContract.TEMPO:
        yield EncodedGroup("DEMAIN", _TOMORROW[tariff.tomorrow])
    yield from _currents(reading, amperes)
    yield EncodedGroup("PAPP", f"{_papp_va(reading):05d}")
    yield EncodedGroup("HHPHC", "A")
    yield EncodedGroup("MOTDETAT", "000000")
    if reading.phases > 1:
        yield EncodedGroup("PPOT", "00")


def _papp_va(reading: Reading) -> int:
    """PAPP as the meter rounds it. A coarse one wavers between two steps from frame to frame."""
    step = reading.rounding_va
    waver = Random(reading.moment_ms).randrange(step) - step // 2 if step > FINEST_ROUNDING_VA else 0
    return max((reading.consumption_va + waver + step // 2) // step * step, 0) if reading.consumption_va else 0


def _currents(reading: Reading, amperes: tuple[int, ...]) -> Iterator[EncodedGroup]:
    if reading.phases == 1:
        yield EncodedGroup("IINST", f"{amperes[0]:03d}")
        if reading.is_overloaded:
            yield EncodedGroup("ADPS", f"{amperes[0]:03d}")
        yield EncodedGroup("IMAX", "090")
        return
    for phase, ampere in enumerate(amperes, 1):
        yield EncodedGroup(f"IINST{phase}", f"{ampere:03d}")
    for phase in range(1, reading.phases + 1):
        yield EncodedGroup(f"IMAX{phase}", "060")
    yield EncodedGroup("PMAX", f"{reading.today.consumption.maximum(reading.step)[0]:05d}")
