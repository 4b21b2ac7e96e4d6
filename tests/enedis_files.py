"""Load curves as Enedis's customer space gives them, written by the tests themselves."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
NAMES = (
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite;"
    "Pas en minutes"
)
VALUES = "09111642617347;Courbe de charge;29/07/2022;29/07/2023;Energie active;Consommation;Comptage Brut;W;"
TITLE = "Horodate;Valeur"


def lines_of(start: datetime, powers: Iterable[int | str], step_min: int = 30) -> list[str]:
    """The file's lines; each power, in W or an empty text, stands at the end of its step by the French clock."""
    step = timedelta(minutes=step_min)
    return [
        NAMES,
        VALUES,
        TITLE,
        *(f"{(start + n * step).astimezone(PARIS).isoformat()};{power}" for n, power in enumerate(powers, 1)),
    ]


def write(path: Path, lines: Iterable[str]) -> Path:
    """A file of these lines, in UTF-8 with its byte order mark and without a last line feed."""
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path
