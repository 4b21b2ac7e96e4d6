"""The documents name only files that exist, and every option of a simulated meter; the README stays short."""

import re
from pathlib import Path

import pytest

from tictally_edge.sources.simulated import _OPTIONS

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "mosquitto/README.md"])


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
