"""`/use`: a month is the sum of its days, each kWh under the name of its own day's option and contract."""

from collections import Counter
from datetime import datetime

import pytest
from api_serving import Served
from energy_building import SimulatedMeter, run, to_option
from ledger_building import METER, frame

from tictally_shared.frames import Frame

WINDOW = "from=2026-03-01&to=2026-04-01"
# The tariff's periods have other names in the second contract's aliases.
CONTRACTS = """\
[[contract]]
tariff = "edf-bleu-hphc"
power = 6
from = 2024-01-01
aliases = { HC = "HP", HP = "HC" }

[[contract]]
tariff = "edf-bleu-hphc"
power = 6
from = 2026-03-11
"""


def frames() -> list[Frame]:
    meter = SimulatedMeter(option="hphc")
    changes = {"2026-03-20T16:07": to_option("tempo"), "2026-03-25": to_option("base")}
    silences = [("2026-03-14T21:00", "2026-03-15T03:00")]
    found = run(meter, ("2026-03-01", "2026-04-01"), minutes=15, changes=changes, silences=silences)
    return [frame(n, int(when.timestamp() * 1000), values, meter=METER) for n, (when, values) in enumerate(found, 1)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder = tmp_path_factory.mktemp("use")
    now = datetime.fromisoformat("2026-04-02T12:00:00+02:00")
    return Served(folder, contracts=CONTRACTS, stored=frames(), now=now)


def test_the_use_of_a_month_is_the_sum_of_its_days_name_by_name(served: Served) -> None:
    with served:
        sums = {}
        for by in ("day", "week", "month", "year"):
            names: Counter[str] = Counter()
            rows = served.items(f"/api/v1/use?{WINDOW}&by={by}")
            for row in rows:
                names.update(row["periods"])
            sums[by] = names, sum(row["consumption_wh"] for row in rows), sum(row["quarters"] for row in rows)
    assert sums["day"] == sums["week"] == sums["month"] == sums["year"]
    names, consumption_wh, _ = sums["month"]
    assert sum(names.values()) == consumption_wh == (31 * 96 - 4) * 300
    # Ten days under the first contract's names, off-peak as HP, the rest until 16:07 on the 20th under the second's.
    assert names["HC"] == 10 * 16 * 1200 + (9 * 8 + 6) * 1200
    assert names["BASE"] == (7 * 96 - 4) * 300
    assert {name for name in names if name.endswith(("BLEU", "BLANC", "ROUGE"))}
