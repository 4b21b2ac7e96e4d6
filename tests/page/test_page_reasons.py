"""Reasons on the page: every code, in the reader's language."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from page_browsing import Served, open_page, served
from phrase_examples import REASON_PARAMETERS, every_phrase, example
from playwright.sync_api import Browser, Page, Route
from real_broker import Mosquitto

import tictally_recorder.translations
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.reason import Parameter, Reason, ReasonCode
from tictally_recorder.tariffs.check import IssueCode
from tictally_recorder.translations import catalogue, phrase_record
from tictally_shared.phrase import Phrase

PLACEHOLDER = re.compile(r"\{(\w+)(?:\|\w+)?\}")
WORDS = json.loads((Path(tictally_recorder.translations.__file__).parent / "en.json").read_text(encoding="utf-8"))
VALUES: Mapping[str, Parameter] = {
    **REASON_PARAMETERS,
    "file": "contracts.toml",
    "period": "HP",
    "periods": ("HP", "HC"),
    "spans": (
        ("2026-08-03T10:00+02:00", "2026-08-03T12:30+02:00"),
        ("2026-08-04T01:00+02:00", "2026-08-05T02:00+02:00"),
    ),
    "newest": "perso 2026-08-01",
    "tariff": "perso",
    "version": "perso 2026-02-01",
}
# Whole English words that stand in no French sentence of ours, those of every sentence of the catalogue among them.
ENGLISH = {
    word
    for key, text in WORDS.items()
    if not key.startswith("form.")  # of files that French companies name
    for form in ([text] if isinstance(text, str) else text.values())
    for word in re.findall(r"[a-z]{2,}", PLACEHOLDER.sub(" ", form).lower())
}
FRENCH_TOO = {
    *(
        "alias",
        "apprise",
        "base",
        "budget",
        "chose",
        "co",
        "code",
        "contract",
        "date",
        "de",
        "des",
        "doctor",
        "dose",
        "du",
        "en",
        "est",
        "et",
        "fetch",
        "go",
        "grand",
        "groups",
        "notes",
        "notification",
        "notifications",
        "place",
        "tariff",
        "template",
        "test",
    ),
    *(
        "historique",
        "injections",
        "kva",
        "kwh",
        "la",
        "le",
        "les",
        "messages",
        "min",
        "minutes",
        "mode",
        "nature",
        "note",
    ),
    *(
        "occasion",
        "on",
        "par",
        "phase",
        "phases",
        "port",
        "provision",
        "radio",
        "se",
        "signal",
        "site",
        "six",
        "source",
    ),
    *(
        "standard",
        "tempo",
        "tictally",
        "total",
        "topic",
        "type",
        "une",
        "va",
        "version",
        "versions",
        "json",
        "edge",
        "edf",
    ),
    *(
        "accise",
        "bleu",
        "an",
        "broker",
        "bucket",
        "import",
        "imports",
        "archive",
        "injection",
        "machine",
        "part",
        "point",
        "points",
        "sites",
        "table",
    ),
    *("minute", "taxes", "maximum", "minimum", "index", "prices", "prov", "script", "toml"),
    # Of an accented word the part before the accent; and names of commands.
    *("accept", "application", "condition", "format", "join", "journal", "message", "zone"),
    *("euros", "fraction", "route", "sign", "tables"),
    # Values of TOML and names of columns, which are the same in every language.
    *("false", "true", "blue", "price", "red", "white"),
    *("home", "assistant"),
    *(
        "but",
        "end",
        "enedis",
        "option",
        "options",
        "inject",
        "kw",
        "macros",
        "or",
        "pipx",
        "recorder",
        "start",
        "unit",
        "wh",
        "xlsx",
    ),
}


def every_reason() -> list[dict[str, object]]:
    """Each code with a value for every parameter, with days and what is unknown."""
    found = []
    for code in ReasonCode:
        text = WORDS[f"reason.{code}"]
        names = set(PLACEHOLDER.findall(text if isinstance(text, str) else text["other"]))
        record = phrase_record(Reason(code, {name: VALUES[name] for name in names}))
        found.append(record | {"unknown": None, "days": 3, "ranges": [["2026-08-03", "2026-08-05"]]})
    return found


BROKEN_FILES = [
    phrase_record(Phrase(IssueCode.BROKEN_FILE, {"file": "perso.toml", "line": 7, "problem": example(code)}))
    for code in FileProblem
]
# What stands in files as the user wrote it: keys, values in quotes, commands; and the examples' placeholders.
QUOTED = re.compile(r"""<\w+>|https?://\S+|`[^`]+`|--\w+|\w+ = |"[^"]+"|\[\[\w+\]\]""")
UNKNOWN = {"periods": ["HP", "HC"], "energy_wh": 1250, "subscription": True}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2019", "'")


def english_words(text: str) -> set[str]:
    found = set(
        re.findall(
            r"[^\W\d_]{2,}",
            re.sub(r"[A-ZÉ]{2,}\w*|\b[\w-]+\.(?:toml|sqlite|db)\b|\b[0-9a-f]{12}\b", " ", plain(text)).lower(),
        )
    )
    return found & ENGLISH - FRENCH_TOO


def script_of(browser: Browser, home: Served, locale: str) -> Page:
    """A page of a language with `window.reasons`, the module that translates reasons."""
    observed = open_page(browser, locale=locale)
    observed.visit(f"{home.address}/?modules#/month")
    script = next(url for url in observed.requested if url.endswith("/reasons.js"))
    observed.page.evaluate("async (script) => { window.reasons = await import(script) }", script)
    return observed.page


@pytest.fixture(scope="module")
def french(browser: Browser, home: Served) -> Iterator[Page]:
    page = script_of(browser, home, "fr-FR")
    yield page
    page.context.close()


def reason_text(page: Page, reason: object) -> str:
    return plain(str(page.evaluate("(reason) => window.reasons.datedReasonText(reason)", reason)))


@pytest.mark.parametrize("reason", every_reason(), ids=lambda each: str(each["code"]))
def test_every_reason_is_shown_in_french(french: Page, reason: dict[str, object]) -> None:
    text = reason_text(french, reason)
    assert text.endswith("(3 jours : du 3 août 2026 au 5 août 2026)")
    assert english_words(text) == set(), text
    assert re.search(r"undefined|[{}|]|(?<!perso )\d{4}-\d\d-\d\d|object", text) is None, text


@pytest.mark.parametrize("reason", every_reason(), ids=lambda each: str(each["code"]))
def test_every_reason_is_shown_in_english(browser: Browser, home: Served, reason: dict[str, object]) -> None:
    page = (
        ENGLISH_PAGES.setdefault("page", script_of(browser, home, "en-GB"))
        if not ENGLISH_PAGES
        else ENGLISH_PAGES["page"]
    )
    text = reason_text(page, reason)
    assert text.endswith("(3 days: 3 Aug 2026 to 5 Aug 2026)")
    assert re.search(r"undefined|[{}|]|object", text) is None, text


ENGLISH_PAGES: dict[str, Page] = {}


def test_an_unknown_cost_is_shown_with_its_reason_and_days(french: Page) -> None:
    reason = {
        **phrase_record(Reason(ReasonCode.NO_FRAMES)),
        "unknown": UNKNOWN,
        "days": 9,
        "ranges": [
            ["2026-08-01", "2026-08-03"],
            ["2026-08-05", "2026-08-05"],
            *[[f"2026-09-{n:02}"] * 2 for n in (1, 3, 5, 7, 9)],
        ],
    }
    assert reason_text(french, reason) == (
        "inconnu : 1,25 kWh (Heures pleines, Heures creuses) et l'abonnement, car le compteur n'a rien transmis "
        "(9 jours : du 1er août 2026 au 3 août 2026, le 5 août 2026, le 1er sept. 2026, le 3 sept. 2026, "
        "le 5 sept. 2026, 2 autres périodes)"
    )


def test_a_reason_that_the_page_does_not_know_is_shown_in_the_recorders_words(french: Page) -> None:
    new = {
        "code": "something_new",
        "parameters": {},
        "text": "something new",
        "days": 1,
        "ranges": [["2026-08-03"] * 2],
    }
    assert reason_text(french, new) == "something new (1 jour : le 3 août 2026)"


def test_a_french_page_with_every_reason_shows_no_english_word(browser: Browser, home: Served) -> None:
    """Put all reasons into every response that can have any, and read every view from top to bottom."""
    observed = open_page(browser, locale="fr-FR")
    page = observed.page

    def with_every_reason(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        for item in body.get("items", []):
            if "reasons" in item:
                item["reasons"] = [each | {"unknown": UNKNOWN} for each in every_reason()]
                item["amount"] = item["rounded"] = None
                item["system"] = "unknown"
        for item in body.get("year_cost", []):
            item["reason"], item["amount"] = every_reason()[0], None
        if "errors" in body:
            body["errors"] = BROKEN_FILES
        route.fulfill(response=response, json=body)

    page.route(re.compile(r"/api/v1/(cost|compare|standby|tariffs)\?"), with_every_reason)
    seen = []
    for view in ("live", "month", "year", "years", "tariffs", "system"):
        observed.visit(f"{home.address}/?modules#/{view}")
        seen.append(shown(page, "body"))
    observed.visit(f"{home.address}/?modules#/month")
    page.locator("section .bill button.money").first.click()
    page.locator("dialog li").first.wait_for()
    seen.append(shown(page, "dialog"))
    text = plain("\n".join(seen))
    for reason in every_reason():
        assert reason_text_on(page, observed.requested, reason) in text
    assert text.count("perso.toml, ligne 7 :") == len(BROKEN_FILES)
    text = QUOTED.sub(" ", text)
    lines = [line for line in text.splitlines() if english_words(line)]
    assert "\n".join(lines) == ""
    assert observed.errors == []
    page.context.close()


def shown(page: Page, selector: str) -> str:
    """The visible text without literal quotes: sources of prices, ports, topics."""
    page.evaluate("document.querySelectorAll('code, [lang=en], span.source').forEach((each) => each.remove())")
    return page.locator(selector).inner_text()


@pytest.mark.parametrize("phrase", every_phrase(), ids=lambda each: each.code.key)
def test_every_phrase_is_without_english_words_in_french(phrase: Phrase) -> None:
    """Remarks, issues, problems and findings, wherever they are shown."""
    text = QUOTED.sub(" ", catalogue("fr").phrase(phrase))
    assert english_words(text) == set(), text


def reason_text_on(page: Page, requested: list[str], reason: dict[str, object]) -> str:
    script = next(url for url in requested if url.endswith("/reasons.js"))
    call = "async ([script, reason]) => (await import(script)).datedReasonText(reason)"
    return plain(str(page.evaluate(call, [script, reason | {"unknown": UNKNOWN}])))


NO_CONTRACT = """async (site) => {
  const costs = performance.getEntriesByType("resource").find((each) => each.name.endsWith("/costs.js"));
  return (await import(costs.name)).noContract(site).textContent;
}"""


@pytest.mark.parametrize(("is_readable", "shown"), [(True, "Pas de contrat"), (False, "Contrats illisibles")])
def test_contracts_that_cannot_be_read_are_not_shown_as_none(french: Page, is_readable: bool, shown: str) -> None:
    site = {"contracts": [], "contracts_readable": is_readable, "first_contract": None, "problem": None}
    assert french.evaluate(NO_CONTRACT, site) == shown


@pytest.fixture
def without_terms(browser: Browser, tmp_path: Path, broker: Mosquitto) -> Iterator[Served]:  # noqa: ARG001 - a browser is needed
    """A recorder whose contracts cannot be read."""
    served_page = served(tmp_path, broker, "page-without-terms")
    (tmp_path / "contracts.toml").write_text("[[contract]\n")
    with served_page.recorder:
        served_page.recorder.wait_for_log("HTTP server listens")
        yield served_page


def test_a_file_that_is_rejected_is_shown_in_french(browser: Browser, without_terms: Served) -> None:
    observed = open_page(browser, locale="fr-FR")
    observed.visit(f"{without_terms.address}/#/live")
    observed.page.wait_for_function("document.getElementById('status').textContent.includes('contracts.toml')")
    text = plain(observed.page.locator("#status").inner_text())
    cause = r"ce n'est pas du TOML : un crochet ou une accolade n'est pas fermé : \[\[contract\]"
    assert re.fullmatch(
        rf"le fichier \S+/contracts\.toml est inutilisable à la ligne 1 : {cause} ; corrigez cette ligne", text
    )
    observed.page.context.close()
