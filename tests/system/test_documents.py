"""The documents name every setting with its default, and only files that exist; the README stays short."""

import re
from pathlib import Path

import pytest

from tictally_edge.features import all_settings as edge_settings
from tictally_edge.sources.simulated import _OPTIONS
from tictally_recorder.features import all_settings as recorder_settings
from tictally_shared.settings.sections import Setting, settings_in

ROOT = Path(__file__).parent.parent.parent
SETTINGS = (ROOT / "docs/settings.md").read_text()
ROWS = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \| ", SETTINGS, re.MULTILINE)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "mosquitto/README.md"])
WRITTEN = {"()": "all", "False": "false"}


def _in_table(column: int) -> dict[str, str]:
    return {row[0].lower(): row[column].strip("` ") for row in ROWS if row[column] != "-"}


@pytest.mark.parametrize(
    ("column", "settings"), [(1, settings_in(edge_settings())), (2, settings_in(recorder_settings()))]
)
def test_the_table_has_every_setting_and_no_other(column: int, settings: dict[str, Setting]) -> None:
    assert sorted(_in_table(column)) == sorted(settings)


@pytest.mark.parametrize(
    ("column", "settings"), [(1, settings_in(edge_settings())), (2, settings_in(recorder_settings()))]
)
def test_the_table_has_every_default(column: int, settings: dict[str, Setting]) -> None:
    told = _in_table(column)
    for name, setting in settings.items():
        field = setting.field
        if not field.is_required():
            default = "none" if field.get_default(call_default_factory=True) in (None, {}) else str(field.default)
            assert told[name] == WRITTEN.get(default, default), name


def test_the_table_of_a_simulated_meter_has_every_option_and_no_other() -> None:
    table = (ROOT / "docs/simulator.md").read_text().partition("\n\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    assert sorted(name for cell in cells for name in re.findall(r"`(\w+)`", cell)) == sorted(_OPTIONS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_a_file_or_a_heading_that_does_not_exist(document: Path) -> None:
    text = document.read_text()
    links = [link.partition("#") for link in re.findall(r"\]\(([^):]+)\)", text)]
    paths = re.findall(r"`((?:shared|edge|recorder|mosquitto|tests|demo|deploy|devel)/[^`…*<> ]*)`", text)
    installed = re.findall(r"\bdeploy/[\w./-]+", text)
    made = ("deploy/.env", "deploy/local")  # by deploy/init
    named = [ROOT / path for path in paths + installed if not path.startswith(made)]
    named += [document.parent / file for file, _, _ in links if file]
    assert [path for path in named if not path.exists()] == []
    headings = {(document.parent / file if file else document, anchor) for file, _, anchor in links if anchor}
    assert [anchor for file, anchor in headings if anchor not in _anchors(file)] == []


def _anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as Git hosts make them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_links_every_document() -> None:
    index = (ROOT / "docs/index.md").read_text()
    documents = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert {name for name in documents if f"]({name}" not in index} == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
