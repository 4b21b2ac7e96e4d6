"""Generates the tables of names and states in docs/home-assistant-fr.md, from the discovery messages in French."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from devel.topics_reference import meter_components, recorder_components, site_components, table
from tictally_edge.home_assistant.edge_device import edge_components
from tictally_edge.home_assistant.translations import OPTIONS
from tictally_shared.home_assistant import Component
from tictally_shared.labels import LABELS, Mode
from tictally_shared.topics import Topics

PAGE: Final = Path(__file__).parent.parent / "docs" / "home-assistant-fr.md"
_BEGIN, _END = "<!-- {} -->\n\n", "<!-- fin -->"
# As Home Assistant itself shows on and off: its integration binary_sensor, translations/fr.json.
_ON_OFF: Final = {
    "connectivity": "Connecté, Déconnecté",
    "problem": "Problème, OK",
    "tamper": "Manipulation détectée, Non détectée",
    None: "Activé, Désactivé",
}
_CLASSES: Final = {"timestamp": "date et heure"}


def page() -> str:
    """The page with its tables as they should be.

    Raises:
        ValueError: a table's place is missing.
    """
    text = PAGE.read_text(encoding="utf-8")
    meter = meter_components("fr")
    derived = [each for each in meter if not _is_label(each)]
    tables = {
        "compteur": derived,
        **{str(mode): [each for each in meter if _is_label(each, mode)] for mode in Mode},
        "coût": site_components("fr").values(),
        "lecteur": edge_components("<nom>", Topics(), "fr"),
        "enregistreur": recorder_components("fr"),
    }
    for name, components in tables.items():
        begin = text.index(_BEGIN.format(name)) + len(_BEGIN.format(name))
        text = text[:begin] + f"{_rows(components)}\n\n" + text[text.index(_END, begin) :]
    return text


def _is_label(component: Component, mode: Mode | None = None) -> bool:
    """Whether an entity shows a label, of this mode."""
    topic = re.sub(r"/time$", "", str(component.settings["state_topic"])).rpartition("/")[2]
    label = LABELS.get(topic.replace("_PLUS_", "+"))
    return label is not None and mode in {None, label.mode}


def _rows(components: Iterable[Component]) -> str:
    by_key: dict[str, list[Component]] = {}
    for each in components:
        by_key.setdefault(each.key, []).append(each)
    return table(("entité", "nom", "état", ""), [_row(key, those) for key, those in by_key.items()])


def _row(key: str, components: list[Component]) -> tuple[str, ...]:
    """An entity that some meters have with other words than others: all of them."""
    names = dict.fromkeys(each.name for each in components)
    settings = components[0].settings
    about = "diagnostic" if settings.get("entity_category") else ""
    if not settings.get("enabled_by_default", True):
        about += ", désactivée"
    return f"`{key}`", " ; ".join(names), _state(key, components), about


def _state(key: str, components: list[Component]) -> str:
    first = components[0]
    device_class = first.settings.get("device_class")
    if first.platform == "binary_sensor":
        return _ON_OFF[device_class]
    states = dict.fromkeys(state for each in components for state in each.settings.get("options", ()))
    if key == "optarif":
        states = dict.fromkeys(name.fr for name in OPTIONS.values())
    if states:
        return ", ".join(states)
    unit = first.settings.get("unit_of_measurement")
    if unit is not None:
        return str(unit)
    return _CLASSES.get(str(device_class), "nombre" if "state_class" in first.settings else "texte")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
