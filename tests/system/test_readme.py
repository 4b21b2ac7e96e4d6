"""The README names every setting there is, with its default, and no other."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from tictally_edge.settings import Settings as EdgeSettings
from tictally_edge.sources.simulated import _OPTIONS
from tictally_recorder.settings import Settings as RecorderSettings

ROOT = Path(__file__).parent.parent.parent
ROWS = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \| ", (ROOT / "README.md").read_text(), re.MULTILINE)
WRITTEN = {"()": "all", "False": "false"}


def _in_table(column: int) -> dict[str, str]:
    return {row[0].lower(): row[column].strip("` ") for row in ROWS if row[column] != "-"}


@pytest.mark.parametrize(("column", "settings"), [(1, EdgeSettings), (2, RecorderSettings)])
def test_the_table_has_every_setting_and_no_other(column: int, settings: type[BaseModel]) -> None:
    assert sorted(_in_table(column)) == sorted(settings.model_fields)


@pytest.mark.parametrize(("column", "settings"), [(1, EdgeSettings), (2, RecorderSettings)])
def test_the_table_has_every_default(column: int, settings: type[BaseModel]) -> None:
    told = _in_table(column)
    for name, field in settings.model_fields.items():
        if not field.is_required():
            default = "none" if field.default is None else str(field.default)
            assert told[name] == WRITTEN.get(default, default), name


def test_the_table_of_a_simulated_meter_has_every_option_and_no_other() -> None:
    table = (ROOT / "README.md").read_text().partition("**A simulated meter**")[2].partition("\n\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    assert sorted(name for cell in cells for name in re.findall(r"`(\w+)`", cell)) == sorted(_OPTIONS)


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "mosquitto/README.md"])
def test_no_document_names_a_file_that_does_not_exist(name: str) -> None:
    text = (ROOT / name).read_text()
    links = re.findall(r"\]\(([^):]+)\)", text)
    paths = re.findall(r"`((?:shared|edge|recorder|mosquitto|tests|demo|deploy|devel)/[^`…*<>]*)`", text)
    installed = re.findall(r"\bdeploy/[\w./-]+", text)
    assert [path for path in links + paths + installed if not (ROOT / path).exists()] == []
