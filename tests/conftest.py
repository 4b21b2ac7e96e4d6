"""Fixtures that more than one part's tests need: a real mosquitto, a real InfluxDB."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from forked_programs import ProgramForker
from hypothesis import HealthCheck, settings
from real_broker import Mosquitto
from real_influx import Influxd, influxd

from devel import child_process
from devel.shifted_clock import inherited

# An example that is slow, or slow to make, on a busy machine is no failure.
settings.register_profile("tictally", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tictally")

# Tests that start processes of their own share a machine with others; chaos is not repeated: one finding counts.
_OF_PROCESSES = frozenset({"broker", "own_broker", "recorder", "start", "edges", "server", "mortal"})


def pytest_configure(config: pytest.Config) -> None:
    """Start programs quickly; under `./run test --at` one with an environment of its own gets the shifted clock too."""
    shift = inherited()
    forker = ProgramForker({"PATH": os.environ["PATH"], **shift})
    config.add_cleanup(forker.close)
    child_process.start_program = forker.start
    if not shift:
        return
    begin: Callable[..., None] = subprocess.Popen.__init__

    def begin_shifted(process: object, *arguments: object, **options: object) -> None:
        environ = options.get("env")
        if isinstance(environ, Mapping):
            options["env"] = {**shift, **environ}
        begin(process, *arguments, **options)

    pytest.MonkeyPatch().setattr(subprocess.Popen, "__init__", begin_shifted)


# Where files of tests that take longest are: those that begin late would be waited for at the end. The first of them
# mostly wait, beside browsers and builds that need the processors.
_FIRST = (
    "recorder/test_influx_",
    "recorder/test_ingest_disputes",
    "edge/test_announcing",
    "recorder/test_earlier_names",
    "edge/test_what_settings",
    "system/",
    "recorder/test_site_command",
    "page/",
    "edge/",
)


def _turn(item: pytest.Item) -> int:
    """When a test's file is handed to a worker."""
    file = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((turn for turn, start in enumerate(_FIRST) if file.startswith(start)), len(_FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order files, and repeat failures of some tests.

    A test of real processes that fails is run once more, and shown as `rerun` in the summary, to be fixed.
    """
    items.sort(key=_turn)
    for item in items:
        if isinstance(item, pytest.Function) and not _OF_PROCESSES.isdisjoint(item.fixturenames):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line writes English."""
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker shared by all tests: each takes a base topic and client ids of its own, and leaves it running."""
    mosquitto = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker for one test, to be stopped, killed and started again."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    mosquitto = Mosquitto(folder)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """An InfluxDB shared by a file's tests: each takes a prefix of its own, and leaves it running."""
    found = influxd(tmp_path_factory.mktemp("influxd"))
    found.start()
    print(f"InfluxDB {found.version}")  # noqa: T201 - on which one it was shown
    yield found
    found.kill()
