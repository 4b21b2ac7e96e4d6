"""The months of bills: from the billing day of a contract to the day before it, in energy and cost."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cost_building import PARIS, d
from ledger_building import METER, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.contracts.billing import BillingMonths
from tictally_recorder.ledger import Ledger

FILE = """\
# Our contracts.
[[contract]]    # the first
tariff = "edf-bleu-base"
power = 6       # kVA
from = 2024-01-01   # moved in

# A cheque
[[lump_sum]]
day = 2025-04-15
amount = "-194.00"
text = "Chèque énergie"
"""


class Home:
    """Files of a household, and commands on them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.ledger = folder / "ledger.sqlite"
        self.file = folder / "contracts.toml"
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--ledger", str(self.ledger)])
        found = self._capsys.readouterr()
        return code, found.out, found.err

    def store(self, *days: str, wh_a_day: int = 10_000, meter: str = METER) -> None:
        """A frame at each midnight of Base at 9 kVA, and one at the end of the last day."""
        start = datetime.fromisoformat(f"{days[0]}T00:00").replace(tzinfo=PARIS)
        count = (date.fromisoformat(days[-1]) - date.fromisoformat(days[0])).days + 1
        texts: dict[str, int | str] = {"NGTF": "BASE", "LTARF": "BASE", "NTARF": "01", "PREF": 9}
        with Ledger.open(self.ledger) as ledger:
            ledger.store(
                message(
                    frame(
                        n + 1,
                        int((start + timedelta(days=n)).timestamp()) * 1000,
                        {"EAST": wh_a_day * n, "EASF01": wh_a_day * n, **texts},
                        meter=meter,
                    )
                )
                for n in range(count + 1)
            )


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("TICTALLY_CONFIG", raising=False)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    return Home(tmp_path, capsys)


ADD = ("contract", "add", "--tariff", "edf-bleu-hphc", "--power", "9", "--from", "2025-03-10")


def test_a_contract_has_the_day_on_which_its_bills_begin(home: Home) -> None:
    home.file.write_text(FILE)
    assert home(*ADD, "--billing-day", "24")[0] == 0
    assert home.file.read_text().endswith("from = 2025-03-10\nbilling_day = 24\n")
    _, out, _ = home("contract", "list", "--json")
    assert [each["billing_day"] for each in json.loads(out)] == [None, 24]
    before = home.file.read_text()
    code, _, err = home(*ADD[:-1], "2025-05-01", "--billing-day", "40")
    assert (code, "40 is not a day of a month" in err) == (1, True), err
    assert home.file.read_text() == before


@pytest.mark.parametrize("text", [FILE.replace("\n", "\r\n"), "\ufeff" + FILE])
def test_line_ends_byte_order_mark_and_permissions_stay(home: Home, text: str) -> None:
    home.file.write_bytes(text.encode())
    home.file.chmod(0o640)
    assert home(*ADD)[0] == 0
    content = home.file.read_bytes()
    assert content.startswith(text.rstrip().encode())
    assert content.count(b"\r\n") == (content.count(b"\n") if "\r" in text else 0)
    assert home.file.stat().st_mode & 0o777 == 0o640


# Months of bills


def months(*contracts: Contract) -> BillingMonths:
    return BillingMonths(METER, Contracts(contracts))


def test_months_run_from_the_billing_day_to_the_day_before_it() -> None:
    found = months(Contract(None, "a", d("2024-01-24"), billing_day=24))
    assert [str(found.first_day(d(day))) for day in ("2025-03-23", "2025-03-24", "2025-04-23")] == [
        "2025-02-24",
        "2025-03-24",
        "2025-03-24",
    ]
    assert found.first_days(d("2025-03-01"), d("2025-04-24")) == (d("2025-02-24"), d("2025-03-24"), d("2025-04-24"))


def test_a_month_without_the_day_begins_on_its_last_one() -> None:
    found = months(Contract(None, "a", d("2024-01-01"), billing_day=31))
    assert found.first_days(d("2025-02-01"), d("2025-05-01")) == tuple(
        map(d, ("2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"))
    )


def test_a_new_contract_begins_a_month_and_brings_its_own_day() -> None:
    found = months(
        Contract(None, "a", d("2024-01-01"), billing_day=24), Contract(None, "b", d("2025-03-10"), billing_day=5)
    )
    assert found.first_days(d("2025-03-01"), d("2025-04-10")) == tuple(
        map(d, ("2025-02-24", "2025-03-10", "2025-04-05", "2025-05-05"))
    )


def test_without_contract_or_billing_day_months_are_those_of_the_calendar() -> None:
    for found in (months(), months(Contract(None, "a", d("2020-01-01")))):
        assert found.first_days(d("2025-03-10"), d("2025-04-10")) == tuple(
            map(d, ("2025-03-01", "2025-04-01", "2025-05-01"))
        )


def test_energy_and_cost_are_summed_by_the_months_of_bills(home: Home) -> None:
    """10 kWh a day from 10 March to 30 April 2025, over a change of clocks, billed from the 24th on."""
    home.store("2025-03-10", "2025-04-30")
    home.file.write_text('[[contract]]\ntariff = "edf-bleu-base"\npower = 9\nfrom = 2024-01-01\nbilling_day = 24\n')
    window = ("--from", "2025-03-10", "--to", "2025-05-01", "--by", "bill", "--json")
    rows = [each for each in json.loads(home("energy", *window)[1]) if each["register"] == "EASF01"]
    assert [(each["from"][:10], each["to"][:10], each["energy"]) for each in rows] == [
        ("2025-03-10", "2025-03-24", 140_000),
        ("2025-03-24", "2025-04-24", 310_000),
        ("2025-04-24", "2025-05-01", 70_000),
    ]
    code, out, err = home("cost", *window)
    assert code == 0, err
    lines = [each for each in json.loads(out) if each["kind"] == "energy"]
    assert [(each["from"], each["to"], each["energy_wh"], each["rounded"]) for each in lines] == [
        ("2025-03-10", "2025-03-24", 140_000, "28.22"),  # at 0.2016
        ("2025-03-24", "2025-04-24", 310_000, "62.50"),
        ("2025-04-24", "2025-05-01", 70_000, "14.11"),
    ]
