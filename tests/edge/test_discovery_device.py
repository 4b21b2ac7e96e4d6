"""A meter as a device: its name, what its number shows, and nothing of the number where a key stands for it."""

import pytest

from tictally_edge.home_assistant.edge_device import DiscoverySettings
from tictally_edge.home_assistant.entities import meter_device
from tictally_edge.home_assistant.meter_profile import Profile, hardware_of
from tictally_edge.topics.naming import Naming
from tictally_shared.home_assistant import Device, Language, discovery_json
from tictally_shared.labels import Mode
from tictally_shared.tariff_options import HPHC, option_of_ngtf, option_of_optarif
from tictally_shared.topics import Topics

H, S = Mode.HISTORIQUE, Mode.STANDARD
LINKY, OLDER = "021876000001", "041467000002"


def profile(mode: Mode = H, option: str = "HC..", phases: int = 1, *, producer: bool = False) -> Profile:
    contract = (option_of_optarif if mode is H else option_of_ngtf)(option)
    return Profile(mode, phases, option, contract, producer, frozenset({"PAPP"}), {}, frozenset())


def device(number: str, key: str | None = None, language: Language = "fr") -> Device:
    naming = Naming(Topics("home/tic"), "cellar", key)
    return meter_device(profile(), number, naming, DiscoverySettings("homeassistant", language, "1.2.3"))


def test_a_linky_shows_what_it_is() -> None:
    assert device(LINKY) == Device(
        id="tictally_021876000001",
        name="Linky 021876000001",
        version="1.2.3",
        maker="Sagemcom",
        model="Linky G3, 3 phases, 60 A",
        serial=LINKY,
        hardware="TIC historique, HC.., 1 phase",
        availability=("home/tic/edge/cellar/availability", "home/tic/021876000001/availability"),
        via="tictally_edge_cellar",
    )


@pytest.mark.parametrize(("language", "name"), [("fr", f"Compteur {OLDER}"), ("en", f"Meter {OLDER}")])
def test_another_meter_is_called_a_meter(language: Language, name: str) -> None:
    made = device(OLDER, language=language)
    assert (made.name, made.maker, made.model) == (name, "Landis+Gyr", None)


def test_a_key_stands_for_the_number_everywhere() -> None:
    made = device(LINKY, key="maison")
    assert (made.id, made.name, made.serial) == ("tictally_maison", "Linky maison", None)
    assert made.model == "Linky G3, 3 phases, 60 A"
    assert LINKY not in discovery_json(made, [])
    assert LINKY not in repr(made)


@pytest.mark.parametrize(
    ("what", "hardware"),
    [
        (profile(H, "BBR", 3), "TIC historique, BBR, 3 phases"),
        (profile(S, "H PLEINE/CREUSE"), "TIC standard, H PLEINE/CREUSE, 1 phase"),
        (profile(S, "TEMPO", 3, producer=True), "TIC standard, TEMPO, 3 phases, producteur"),
        (profile(H, ""), "TIC historique, 1 phase"),
    ],
)
def test_what_is_compared_before_entities_go_is_reported_in_one_line(what: Profile, hardware: str) -> None:
    assert hardware_of(what) == hardware


def test_labels_and_registers_do_not_change_what_is_compared() -> None:
    more = Profile(
        H, 1, "HC..", HPHC, producer=False, labels=frozenset(), names={"EASF01": "HC"}, registers=frozenset()
    )
    assert hardware_of(more) == hardware_of(profile())
