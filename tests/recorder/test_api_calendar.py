"""Tempo's calendar by HTTP: colours of a season with their sources, days left, the meter over the files."""

from datetime import date, datetime, timedelta
from pathlib import Path

from api_serving import METER, Served
from cost_building import PARIS

from tictally_recorder.calendars.tempo import write_days
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode
from tictally_shared.status_register import Colour

NOW = datetime(2031, 1, 15, 12, 0, tzinfo=PARIS)
CONTRACT = '[[contract]]\ntariff = "edf-bleu-tempo"\npower = 9\nfrom = 2030-01-01\n'


def test_a_season_has_its_colours_and_what_is_left(tmp_path: Path) -> None:
    season = {date(2030, 9, 1) + timedelta(days=n): Colour.BLEU for n in range(136)}
    season |= {date(2031, 1, 6): Colour.ROUGE, date(2031, 1, 15): Colour.BLEU}
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "tempo-days.csv").write_text(write_days(season))
    values: dict[str, int | str] = {"BBRHPJR": 1000, "PTEC": "HPJR", "OPTARIF": "BBR(", "DEMAIN": "BLAN"}
    now_ms = int(NOW.timestamp()) * 1000
    stored = [
        Frame(METER, "cellar", "a1" * 8, n + 1, now_ms - (9 - n) * 60_000, Mode.HISTORIQUE, values) for n in range(9)
    ]
    with Served(tmp_path, contracts=CONTRACT, stored=stored, now=NOW) as served:
        answer = served.get("/api/v1/calendar/tempo").json()
        former = served.get("/api/v1/calendar/tempo?season=2029").json()
        wrong = served.get("/api/v1/calendar/tempo?season=12").status_code
    by_day = {each["day"]: (each["colour"], each["source"]) for each in answer["items"]}
    assert (answer["from"], answer["to"]) == ("2030-09-01", "2031-08-31")
    assert by_day["2031-01-06"] == ("ROUGE", "fetched")
    assert (by_day["2031-01-15"], by_day["2031-01-16"]) == (("ROUGE", "meter"), ("BLANC", "meter"))
    assert answer["left"] == {"BLEU": 365 - 137 - 20 - 43, "BLANC": 43, "ROUGE": 20}
    assert (former["items"], former["left"], wrong) == ([], None, 400)
