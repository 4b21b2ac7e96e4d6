"""A small good file of each text format that is imported: what its program writes, for tests that spoil it."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from enedis_files import PARIS, lines_of
from imported_files import local

_METER: Final = "021900000002"
_START: Final = local(2026, 1, 5)


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _edf() -> str:
    rows = [f"{23 - n // 2:02}:{30 - 30 * (n % 2):02};{400 + n};Réelle" for n in range(47)]
    return _lines("Récapitulatif de mes puissances atteintes", "05/01/2026;;", "00:00;399;Réelle", *rows)


def _total_energies() -> str:
    times = (_START + (n + 1) * timedelta(minutes=30) for n in range(48))
    return _lines(*(f'"{at:%d/%m/%Y %H:%M}";"0,{100 + n} kWh"' for n, at in enumerate(times)))


def _linkystat() -> str:
    rows = (f"('2026-01-05 {n:02}:00:00',{1000 + 7 * n},{2000 + 11 * n},{n}.5)" for n in range(1, 24))
    return _lines("USE `linky`;", f"INSERT IGNORE INTO `linky_history` VALUES {','.join(rows)};")  # noqa: S608 - a file


def _meterit(*, is_dump: bool) -> str:
    times = [_START + n * timedelta(seconds=10) for n in range(6 * 40)]
    if is_dump:
        rows = (f"{n}\t{at:%Y-%m-%d %H:%M:%S}\t\\N\t{500 + n}\t1\t0.2" for n, at in enumerate(times))
        heading = "COPY public.meterlog (id, time_created, time_updated, watts, station_id, price) FROM stdin;"
        return _lines("-- PostgreSQL database dump", heading, *rows, "\\.")
    return _lines(
        "id,time_created,time_updated,watts,station_id,price",
        *(f"{n},{at:%Y-%m-%d %H:%M:%S},,{500 + n},1,0.2" for n, at in enumerate(times)),
    )


def _history() -> str:
    times = (datetime(2026, 1, 5, 10, tzinfo=PARIS) + n * timedelta(hours=1) for n in range(12))
    return _lines(
        "entity_id,state,last_changed",
        *(f"sensor.meter,{5 + n / 4:.3f},{at.isoformat()}" for n, at in enumerate(times)),
    )


def _frames() -> str:
    def frame(n: int) -> str:
        moment = datetime(2026, 1, 5, 10, tzinfo=PARIS) + n * timedelta(minutes=10)
        values = {"EAST": 1000 + 9 * n, "SINSTS": 540}
        return json.dumps(
            {"mode": "standard", "meter": _METER, "values": values, "dated": {"DATE": moment.isoformat()}}
        )

    return _lines(*(frame(n) for n in range(20)))


def _export() -> str:
    times = [datetime(2026, 1, 5, tzinfo=PARIS) + n * timedelta(hours=1) for n in range(25)]
    rows = (
        f"{_METER},{start.isoformat()},{end.isoformat()},EAST,,{300 + n},Wh"
        for n, (start, end) in enumerate(pairwise(times))
    )
    return _lines("site,from,to,register,period,energy,unit", *rows)


def _registers_csv() -> str:
    names = (
        "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite"
    )
    about = "09111642617347;Index;01/01/2026;09/01/2026;Energie active;Consommation;Comptage Brut;Wh"
    rows = (
        f"2026-01-{n:02}T00:00:00+01:00;Arrêté quotidien;{1000 + 100 * n};{2000 + 300 * n};{3000 + 400 * n}"
        for n in range(1, 9)
    )
    return _lines(names, about, "Horodate;Type de releve;EAS F1;EAS F2;EAS T", *rows)


def _edf_registers() -> str:
    heading = "Date de relevé de l'index;Type d'index;Index Heures pleines (kWh);Index Heures creuses (kWh)"
    rows = (f"{n:02}/01/2026;Index transmis par le distributeur;{1000 + 6 * n};{500 + 3 * n}" for n in range(9, 0, -1))
    return _lines("Récapitulatif de mes index", "", heading, *rows)


GOOD_FILES: Final[dict[str, str]] = {
    "enedis_csv": _lines(*lines_of(_START.replace(tzinfo=PARIS), (400 + n for n in range(96)))).replace(
        "29/07/2023", "07/01/2026"
    ),
    "enedis_csv_registers": _registers_csv(),
    "linkystat": _linkystat(),
    "edf": _edf(),
    "edf_registers": _edf_registers(),
    "totalenergies": _total_energies(),
    "home_assistant_history": _history(),
    "meterit_csv": _meterit(is_dump=False),
    "meterit_dump": _meterit(is_dump=True),
    "tic": _frames(),
    "tictally": _export(),
}
"""Name → a good file: an importer's key, maybe with a form of its files."""
