"""What the programs import before they do anything: on a small computer, a library may take a second."""

import subprocess
import sys

import pytest

# By distribution or package: what one feature needs, or what only a server or a table does.
LIBRARIES = {
    "apprise",
    "cryptography",
    "fastapi",
    "httpx",
    "influxdb_client",
    "jwt",
    "openpyxl",
    "prometheus_client",
    "pyarrow",
    "pygments",
    "starlette",
    "uvicorn",
    "websockets",
}
SETTINGS_ONLY = LIBRARIES | {"paho", "rich", "tictally_recorder.doctor", "tictally_recorder.hubs"}
LOAD = "from tictally_recorder.features import all_settings; all_settings()"


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("from tictally_recorder.cli.app import app", SETTINGS_ONLY | {"pydantic", "tictally_recorder.ledger"}),
        (
            "from tictally_recorder.cli.app import main; main(['--help'])",
            SETTINGS_ONLY | {"pydantic", "tictally_recorder.ledger"},
        ),
        (LOAD, SETTINGS_ONLY | {"typer"}),
        (f"{LOAD}; import tictally_recorder.cli.cost", LIBRARIES | {"paho", "tictally_recorder.doctor"}),
        (f"{LOAD}; import tictally_recorder.service", LIBRARIES | {"rich", "typer", "tictally_recorder.doctor"}),
        (
            "from tictally_edge.arguments import make_parser; make_parser()",
            LIBRARIES | {"paho", "pydantic", "serial", "tictally_edge.doctor.examine", "tictally_edge.simulator.serve"},
        ),
        (
            "import tictally_edge.service",
            LIBRARIES | {"argcomplete", "tictally_edge.doctor.examine"},
        ),
    ],
    ids=["commands", "help", "settings", "cost", "record", "the edge's arguments", "the edge's service"],
)
def test_a_program_imports_nothing_heavy_that_it_does_not_use(code: str, absent: set[str]) -> None:
    report = "import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=120
    )
    assert sorted(absent.intersection(done.stderr.split())) == []
