"""What a householder reads who made a mistake in a file: what is wrong, where, and what to do."""

from pathlib import Path

import pytest

from tictally_recorder.doctor.costs import cost_findings
from tictally_recorder.doctor.facts import CostFacts, PaidFacts
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.finding import FindingCode, Level
from tictally_recorder.reason import Parameter, Reason, ReasonCode
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.translations import catalogue
from tictally_shared.phrase import Phrase

TARIFF = """
id = "own"
supplier = "Somebody"
currency = "EUR"
periods = ["BASE"]
names.en = "Own"
[[version]]
from = 2020-01-01
confidence = "own"
source = "a letter"
energy.BASE = { ttc = "0.19" }
taxes = { accise = "0.02998", cta_share = "0.2193", vat_energy = "0.20" }
subscription = "12"
"""
RATES = """
id = "fr"
overlay = true
[[accise]]
from = 2026-08-01
rate = "0.0309"
confidence = "own"
source = "a bill"
"""


def problem(folder: Path, text: str) -> TariffError:
    (folder / "own.toml").write_text(text)
    (error,) = load_catalogue(folder).errors
    return error


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            'ttc = "19.5"',
            "energy.BASE.ttc is 19.5: more than 5 a kWh is taken for a slip; write euros, not cents: 0.195",
        ),
        ('ttc = "195"', "more than 5 a kWh is taken for a slip; write the price of a kWh in euros, not that of a MWh"),
        ('ttc = "1.95"', "energy.BASE.ttc is 1.95: more than 1 a kWh is taken for a slip; if it is right, write "),
    ],
)
def test_a_price_in_another_unit_is_named_with_the_right_one(tmp_path: Path, wrong: str, sentence: str) -> None:
    assert sentence in str(problem(tmp_path, TARIFF.replace('ttc = "0.19"', wrong)))


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ('"0.02998"', '"0.2998"', "taxes.accise is 0.2998: more than 0.06 a kWh is taken for a slip"),
        ('"0.02998"', '"2.998"', "more than 1 a kWh is taken for a slip; write euros, not cents: 0.02998"),
        ('"0.02998"', '"29.98"', "write euros, not cents"),
        ('"0.2193"', '"2.193"', "taxes.cta_share is 2.193: more than 0.3 is taken for a slip; a share is written as"),
        ('"0.2193"', '"21.93"', "a share is written as a fraction: 0.20 for 20 %"),
        ('vat_energy = "0.20"', 'vat_energy = "2.0"', "taxes.vat_energy is 2.0: more than 0.3 is taken for a slip"),
        ('vat_energy = "0.20"', 'vat_subscription = "0.55"', "taxes.vat_subscription is 0.55: more than 0.3"),
    ],
)
def test_a_tax_ten_times_too_high_is_a_slip(tmp_path: Path, right: str, wrong: str, sentence: str) -> None:
    assert sentence in str(problem(tmp_path, TARIFF.replace(right, wrong)))


def test_a_rate_of_a_table_ten_times_too_high_is_a_slip_too(tmp_path: Path) -> None:
    error = problem(tmp_path, RATES.replace("0.0309", "0.309"))
    assert "own.toml, line 6: rate is 0.309: more than 0.06 a kWh is taken for a slip; if it is right, " in str(error)


def test_a_levy_of_another_country_can_be_confirmed(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(TARIFF.replace('"0.02998"', '"0.126", unusual = true'))
    (tmp_path / "rates.toml").write_text(RATES.replace('"0.0309"', '"0.126"\nunusual = true'))
    assert load_catalogue(tmp_path).errors == ()


@pytest.mark.parametrize(
    ("wrong", "english", "french"),
    [
        (
            "from = 2026-02-30",
            "there is no day 2026-02-30; a date is year-month-day",
            "le jour 2026-02-30 ",
        ),
        ("from = 2026-13-01", "there is no day 2026-13-01", "le jour 2026-13-01 "),
        ("from = 1/8/2026", "1/8/2026 is not a date as written here", "1/8/2026 : une date"),
        ("from = 2026-8-1", "2026-8-1 is not a date as written here", "2026-8-1 : une date"),
        ("from = 2026-01-01\nfrom = 2026-01-01", "it is not TOML: this is there twice", "ceci est"),
        ('from = 2026-01-01\nnote = "x', "it is not TOML: a quote is not closed", "un guillemet"),
        ("from = 2026-01-01\nnote = “x”", "it has typographic quotes", "des guillemets typographiques"),
        ("from = 2026-01-01\nsubscription = 12,5", "12,5 has a comma", "12,5 a une virgule"),
        ("from = 2026-01-01\nsubscription = [", "a bracket is not closed", "un crochet ou une accolade"),
        ("from 2026-01-01", "here the = after a name is missing: from 2026-01-01", "il manque le signe = après un nom"),
        ("from = soon", "there is no value after = (text needs quotes): from = soon", "ce qui suit le signe ="),
        ("<html>", "this is neither name = value nor a [heading]: <html>", "ni nom = valeur ni un [titre]"),
        ('from = 2026-01-01\nnote = "C:\\x"', "text with a backslash needs single quotes", "une barre oblique inverse"),
        ("from = 2026-01-01\nunusual = True", "True is not a value; write true or false", "écrivez true ou false"),
    ],
)
def test_what_is_no_toml_is_named_as_a_person_would(tmp_path: Path, wrong: str, english: str, french: str) -> None:
    error = problem(tmp_path, TARIFF.replace("from = 2020-01-01", wrong))
    assert error.line == 8 + wrong.count("\n")
    assert english in str(error)
    assert french in catalogue("fr").phrase(error.problem)


def test_the_reason_of_a_cost_has_file_line_cause_and_cure(tmp_path: Path) -> None:
    reason = problem(tmp_path, TARIFF.replace("0.19", "19.5")).reason
    assert catalogue("en").phrase(reason) == (
        f"{tmp_path}/own.toml, line 11, cannot be used: energy.BASE.ttc is 19.5: more than 5 a kWh is taken for a "
        "slip; write euros, not cents: 0.195; correct that line"
    )
    assert Reason.from_json(reason.code, reason.as_json()["parameters"]) == reason  # type: ignore[arg-type]


def test_the_doctor_does_not_send_to_another_command_for_a_broken_file() -> None:
    reason = TariffError("own.toml", 3, Phrase(FileProblem.KEY_MISSING, {"key": "source"})).reason
    (finding,) = cost_findings(CostFacts(paid=(PaidFacts("site", None, reason),)))
    words = catalogue("en")
    assert words.phrase(finding.phrase) == (
        "it is unknown: own.toml, line 3, cannot be used: source is missing; correct that line"
    )
    assert words.advice(finding.phrase) is None


@pytest.mark.parametrize("code", [ReasonCode.CONTRACT_ENDED, ReasonCode.NO_VERSION, ReasonCode.NO_PRICE_AT_POWER])
def test_the_doctor_sends_to_the_cost_only_where_that_prints_a_contract(code: ReasonCode) -> None:
    about: dict[str, Parameter] = {
        "until": "2026-01-01",
        "tariff": "own",
        "version": "own 2026",
        "period": "HP",
        "power_kva": 3,
    }
    (finding,) = cost_findings(CostFacts(paid=(PaidFacts("site", None, Reason(code, about)),)))
    advice = catalogue("en").advice(finding.phrase)
    assert advice is not None
    assert "tictally cost" not in advice


@pytest.mark.parametrize(
    "text", [RATES.replace("0.0309", "0.309"), RATES.replace('"fr"', '"de"'), RATES.replace("08-01", "08-32")]
)
def test_a_broken_table_of_taxes_is_no_draft_of_a_tariff(tmp_path: Path, text: str) -> None:
    error = problem(tmp_path, text)
    broken = load_catalogue(tmp_path).broken
    assert (list(map(str, broken.taxes)), broken.by_id) == ([str(error)], {})
    (finding,) = cost_findings(CostFacts(taxes=(error,)))
    assert (finding.level, finding.phrase.code) == (Level.TROUBLE, FindingCode.TAX_FILE_UNUSABLE)


def test_units_are_french_in_french(tmp_path: Path) -> None:
    error = problem(tmp_path, TARIFF.replace('subscription = "12"', 'subscription = "1200"'))
    assert catalogue("fr").phrase(error.problem).startswith("subscription vaut 1200 : plus de 500 par mois est pris")


def test_a_file_that_is_missing_or_forbidden_is_named_in_french_as_well(tmp_path: Path) -> None:
    lines = TARIFF.replace('periods = ["BASE"]', 'series = "prices.csv"').splitlines(keepends=True)
    error = problem(tmp_path, "".join(line for line in lines if not line.startswith("energy")))
    assert str(error) == f"{tmp_path}/prices.csv, line 1: there is no such file"
    assert catalogue("fr").phrase(error.problem).startswith("ce fichier")
