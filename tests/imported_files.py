"""Files of others in their own forms, made by the tests, and what importers read in them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_recorder.features import settings_with
from tictally_recorder.imports.read import FileRead, read_files
from tictally_recorder.ledger import IntervalEnergy, Observation, RegisterReading

PARIS = ZoneInfo("Europe/Paris")


def read(*paths: Path, **settings: object) -> list[FileRead]:
    """The files as the importer that recognizes them reads them."""
    found, _ = read_files(paths, settings_with(name="nas", ledger=Path("none.sqlite"), **settings), (), lambda _: None)
    return found


def observations(path: Path, **settings: object) -> list[Observation]:
    (found,) = read(path, **settings)
    return list(found.file.observations)


def moment(time_ms: int) -> str:
    """A time in UTC, `2026-03-29T01:00`."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%dT%H:%M}"


def shown(found: Iterable[Observation]) -> list[tuple[str, ...]]:
    """Observations to compare: register, time or times in UTC, Wh."""
    return [
        (each.register, moment(each.start_ms), moment(each.end_ms), f"{each.watt_minutes / 60:g}")
        if isinstance(each, IntervalEnergy)
        else (each.register, moment(each.time_ms), f"{each.wh}")
        for each in found
    ]


def readings(found: Iterable[Observation]) -> list[RegisterReading]:
    return [each for each in found if isinstance(each, RegisterReading)]


def energies(found: Iterable[Observation]) -> list[IntervalEnergy]:
    return [each for each in found if isinstance(each, IntervalEnergy)]


def local(*fields: int) -> datetime:
    """A time without offset."""
    return datetime(*fields)  # type: ignore[arg-type]  # noqa: DTZ001


def load_curve_xlsx(path: Path, rows: Iterable[tuple[str, str, str]], *, prm: str = "09999999999999") -> Path:
    """A load curve as Enedis' site exports it: local times and kW as text."""
    import openpyxl  # noqa: PLC0415 - where it is installed

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "Page d'accueil"
    sheet = book.create_sheet("Consommation Horaire")
    for _ in range(5):
        sheet.append([])
    sheet.append([None, "Compte Client", None, "Export des données de la courbe de charge"])
    sheet.append([None, "Données :", "Brutes"])
    sheet.append([None, "Point Référence Mesure (PRM) : ", prm, "Grandeur physique :", "Puissance Active"])
    for _ in range(7):
        sheet.append([])
    sheet.append([None, "Début", "Fin", "Valeur (en kW)"])
    for row in rows:
        sheet.append([None, *row])
    book.save(path)
    return path


def half_hours(start: datetime, powers: Iterable[str], step_min: int = 30) -> list[tuple[str, str, str]]:
    """Rows of a load curve from a local time on, by a clock that is changed with the season."""
    utc = start.replace(tzinfo=PARIS).astimezone(UTC)
    step = timedelta(minutes=step_min)
    return [
        (
            f"{(utc + n * step).astimezone(PARIS):%d/%m/%Y %H:%M:%S}",
            f"{(utc + (n + 1) * step).astimezone(PARIS):%d/%m/%Y %H:%M:%S}",
            power,
        )
        for n, power in enumerate(powers)
    ]
