"""What of a meter decides which entities it has."""

from collections.abc import Mapping
from dataclasses import dataclass

from tictally_shared.contracts import Contract
from tictally_shared.labels import Mode


@dataclass(frozen=True, slots=True)
class Profile:
    """One meter, as far as its entities hang on it.

    Attributes:
        mode: of its line.
        phases: 1 or 3.
        option: OPTARIF or NGTF as read; Tempo's in historique mode as BBR, without its programme. Empty if not known.
        contract: that the option names; None for a supplier's own calendar, or one that is not known.
        producer: it counts what is injected too.
        labels: that it sends.
        names: register, `EASF07` → the text of LTARF while it counts; learned, and used only without a contract.
        registers: EASFnn and EASDnn that have counted something.
    """

    mode: Mode
    phases: int
    option: str
    contract: Contract | None
    producer: bool
    labels: frozenset[str]
    names: Mapping[str, str]
    registers: frozenset[str]


def hardware_of(profile: Profile) -> str:
    """What stands where a hub shows the hardware's version: `TIC historique, HC.., 1 phase`.

    A function of mode, option, phases and kind of meter alone, and in one language: entities are taken away only when
    it has changed.
    """
    parts = (
        f"TIC {profile.mode}",
        profile.option,
        f"{profile.phases} phase{'s' * (profile.phases > 1)}",
        "producer" if profile.producer else "",
    )
    return ", ".join(filter(None, parts))
