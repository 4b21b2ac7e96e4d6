"""What has which colour, on every dashboard the same. They stand out from a dark and from a light background."""

from typing import Final

from tictally_shared.tariff_options import period_of_ptec

GOOD, WATCH, BAD, QUIET = "#56A64B", "#F2A93B", "#E02F44", "#8E8E9A"
ACCENT: Final = "#3274D9"

TEMPO: Final = {"blue": "#3274D9", "white": "#C7D0D9", "red": "#E02F44"}

PERIODS: Final = {
    "BASE": ACCENT,
    "HC": "#6CA6E8",
    "HP": WATCH,
    "HN": "#6CA6E8",
    "PM": BAD,
    "HC BLEU": "#8AB8FF",
    "HP BLEU": TEMPO["blue"],
    "HC BLANC": "#E4E8ED",
    "HP BLANC": "#A9B4C0",
    "HC ROUGE": "#FF9AA8",
    "HP ROUGE": TEMPO["red"],
}
"""Period → colour; off-peak is the lighter one of two."""

_PTEC: Final = ("TH..", "HC..", "HP..", "HN..", "PM..", "HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
PTEC: Final = {word: period for word in _PTEC if (period := period_of_ptec(word))}
"""What a meter in historique mode says in PTEC → the period's name."""

# LTARF of the regulated options; Tempo's is the period's name. Source: Enedis-NOI-CPT_54E §6.2.
LTARF: Final = {"HEURE CREUSE": "HC", "HEURE PLEINE": "HP", "HEURE NORMALE": "HN", "POINTE MOBILE": "PM"}
"""What a meter in standard mode calls a period → its name, which the historique mode and tariffs use."""
