"""What a reader stumbles over: names of periods, colours alike, figures that do not fit, a token that changed."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from api_serving import METER, TOKEN, Served
from page_at import page_at, served_at
from page_browsing import PARIS, ObservedPage, open_page
from playwright.sync_api import Browser, expect

import tictally_recorder.page
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

NOW = datetime(2026, 2, 20, 12, 0, tzinfo=PARIS)
STYLE = Path(tictally_recorder.page.__file__).parent / "static/base.css"
Values = dict[str, int | str]


def quarters(
    values_at: "dict[int, Values] | None" = None, *, mode: Mode, days: int = 19, **constant: int | str
) -> list[Frame]:
    """A frame each quarter-hour from 1 February on; what is 0 in `values_at` counts 375 Wh in each of its quarters."""
    found, registers = (
        [],
        dict.fromkeys(
            {name for values in (values_at or {}).values() for name in values if values[name] == 0}, 1_000_000
        ),
    )
    for n in range(days * 96 + 49):
        at = datetime(2026, 2, 1, tzinfo=PARIS) + timedelta(minutes=15 * n)
        now = (values_at or {}).get(at.hour, {})
        texts: Values = {name: value for name, value in now.items() if value != 0}
        values: Values = {**constant, **registers, **texts}
        found.append(Frame(METER, "cellar", "a1" * 8, n + 1, int(at.timestamp()) * 1000, mode, values))
        for name, value in now.items():
            if value == 0:
                registers[name] += 375
    return found


@pytest.fixture(scope="module")
def ejp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    peak: Values = {"EJPHPM": 0, "PTEC": "PM.."}
    normal: Values = {"EJPHN": 0, "PTEC": "HN.."}
    by_hour = {hour: peak if hour >= 7 else normal for hour in range(24)}
    stored = quarters(by_hour, mode=Mode.HISTORIQUE, OPTARIF="EJP.", ISOUSC=45, PAPP=1500)
    contract = f'[[contract]]\nsite = "{METER}"\ntariff = "edf-bleu-ejp"\npower = 9\nfrom = 2020-01-01\n'
    with served_at(tmp_path_factory.mktemp("ejp"), NOW, stored, contracts=contract) as served:
        yield served


@pytest.fixture(scope="module")
def tempo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Each of the six registers counts for some hours of every day."""
    names = ["HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE"]
    by_hour: dict[int, Values] = {
        hour: {f"EASF0{n + 1}": 0, "LTARF": names[n], "NTARF": f"0{n + 1}"} for hour in range(24) for n in [hour // 4]
    }
    stored = quarters(by_hour, mode=Mode.STANDARD, NGTF="TEMPO", PREF=9, SINSTS=1500)
    contract = f'[[contract]]\nsite = "{METER}"\ntariff = "edf-bleu-tempo"\npower = 9\nfrom = 2020-01-01\n'
    with served_at(tmp_path_factory.mktemp("tempo"), NOW, stored, contracts=contract) as served:
        yield served


@pytest.mark.parametrize(
    ("locale", "names"),
    [
        ("en-GB", ("Normal hours", "Mobile peak hours", "Off-peak")),
        ("fr-FR", ("Heures normales", "Heures de pointe mobile", "Heures creuses")),
    ],
)
def test_ejp_has_normal_hours_and_no_off_peak_hours(
    ejp: Served, browser: Browser, locale: str, names: tuple[str, str, str]
) -> None:
    normal, peak, cheap = names
    with page_at(browser, ejp, locale=locale) as observed:
        for view in ("month/2026-02", "year/2026", "years"):
            observed.visit(f"{ejp.base}/#/{view}")
            main = observed.page.locator("main")
            expect(main).to_contain_text(normal)
            expect(main).to_contain_text(peak)
            expect(main).not_to_contain_text(cheap)
            assert not re.search(r"\b(HN|PM|EJPHN|EJPHPM)\b", main.inner_text())
        observed.visit(f"{ejp.base}/#/live")
        expect(observed.page.locator(".period-now")).to_have_text(peak)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_stacked_in_a_chart_can_be_told_apart(theme: str) -> None:
    """White days, off-peak and peak, and the subscription were three greys."""
    text = STYLE.read_text(encoding="utf-8")
    block = text if theme == "light" else text[text.index(':root[data-theme="dark"] {\n') :]
    named = {
        name: re.search(rf"--{name}: #([0-9a-f]{{6}})", block) for name in ("subscription", "p-hc-blanc", "p-hp-blanc")
    }
    colours = {name: tuple(bytes.fromhex(found[1])) for name, found in named.items() if found}
    assert len(colours) == 3
    for name in ("subscription", "p-hp-blanc"):
        assert max(colours[name]) - min(colours[name]) >= 50, f"{name} is grey"
    for one, other in combinations(colours.values(), 2):
        assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) >= 90


@pytest.mark.parametrize("width", [390, 1280])
def test_the_figures_of_the_heat_map_fit_into_their_cells(tempo: Served, browser: Browser, width: int) -> None:
    with page_at(browser, tempo, width=width) as observed:
        observed.visit(f"{tempo.base}/#/year/2026")
        expect(observed.page.locator(".heat td span").first).to_have_text("1.5")
        expect(observed.page.locator("figure", has=observed.page.locator(".heat"))).to_contain_text("Mean power in kW")
        wider = observed.page.evaluate(
            """() => [...document.querySelectorAll('.heat td:not(.none)')].slice(1).filter((cell) => {
                 const text = cell.firstChild;
                 return text && text.getBoundingClientRect().width > cell.getBoundingClientRect().width; }).length"""
        )
        assert wider == 0


CUT = """() => [...document.querySelectorAll('main .scroll')]
  .filter((each) => !each.querySelector('.heat') && each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.getAttribute('aria-label'))"""


@pytest.mark.parametrize("view", ["live", "month/2026-02", "year/2026", "years", "tariffs", "system"])
def test_no_table_is_cut_on_a_phone(tempo: Served, browser: Browser, view: str) -> None:
    with page_at(browser, tempo, width=360) as observed:
        observed.visit(f"{tempo.base}/#/{view}")
        if view == "tariffs":
            observed.page.get_by_role("button", name="Compare").click()
            expect(observed.page.locator(".compared tbody tr").first).to_be_visible()
        observed.page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
        assert observed.page.evaluate(CUT) == []
        assert observed.page.evaluate("document.documentElement.scrollWidth") == 360
        if view == "month/2026-02":
            row = observed.page.locator("figure.chart tbody tr").first
            label = row.locator("td").nth(6).evaluate("(cell) => getComputedStyle(cell, '::before').content")
            assert label == '"Off-peak red"'


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path, {"http_reads": "token"}) as served:
        yield served


def enter(observed: ObservedPage, token: str) -> None:
    observed.page.get_by_label("Token").fill(token)
    observed.page.keyboard.press("Enter")


def test_a_token_that_is_wrong_or_has_expired_is_said_so(guarded: Served, browser: Browser) -> None:
    observed = open_page(browser)
    page = observed.page
    page.goto(f"{guarded.base}/#/live")
    expect(page.get_by_role("heading", name="Reading needs a token")).to_be_visible()
    expect(page.locator(".rejected")).to_have_count(0)
    enter(observed, "a-token-that-is-wrong")
    expect(page.get_by_role("alert")).to_contain_text("does not accept the token that this browser has")
    enter(observed, TOKEN)
    expect(page.locator(".gauge .figure")).to_be_visible()
    observed.wait_until_still()
    # While the page is open: the next request asks for it, wherever that is made.
    page.context.clear_cookies()
    page.get_by_role("link", name="Month").click()
    expect(page.get_by_role("alert")).to_contain_text("was changed, or has expired")
    expect(page.locator("#status")).to_be_empty()
    expect(page.locator("form.token")).to_have_count(1)
    enter(observed, TOKEN)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    observed.wait_until_still()
    expect(page.locator("main .failed")).to_have_count(0)
    page.context.close()


def test_a_stream_that_is_refused_asks_for_the_token(guarded: Served, browser: Browser) -> None:
    """A page that is only left open makes no other request."""
    observed = open_page(browser)
    page = observed.page
    page.goto(f"{guarded.base}/#/live")
    enter(observed, TOKEN)
    expect(page.locator(".gauge .figure")).to_be_visible()
    observed.wait_until_still()
    page.context.clear_cookies()
    page.evaluate("window.dispatchEvent(new Event('online'))")  # the stream is opened again
    expect(page.get_by_role("alert")).to_contain_text("does not accept the token")
    page.context.close()
