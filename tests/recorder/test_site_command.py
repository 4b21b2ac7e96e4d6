"""`tictally site ignore` and `remove`: a simulated meter beside the real one no longer stands in the way of cost."""

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_building import METER, NOON_MS, frame, message
from real_broker import Hub, Mosquitto
from recording import Recorder

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

SIM = "021900000099"
CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2024-01-01\n'
WINDOW = ("--from", "2026-11-21", "--to", "2026-11-22")
Answer = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for seq in range(1, 20):
            time_ms = NOON_MS - 3_600_000 + seq * 60_000
            ledger.store([message(frame(seq, time_ms, {"NGTF": "BASE", "EAST": 100 * seq}))])
            added = frame(seq, time_ms, {"EAST": seq}, meter=SIM, edge="sim", boot="b" * 16)
            ledger.store([message(added, edge="sim")])
    return tmp_path


@pytest.fixture
def answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> Answer:
    assert folder.exists()

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return run


def test_a_second_site_no_longer_stops_the_cost_of_the_first_when_it_is_ignored(answer: Answer) -> None:
    code, _, err = answer("cost", *WINDOW)
    assert code == 1
    assert "tictally site ignore" in err
    code, out, _ = answer("site", "ignore", SIM)
    assert (code, out) == (0, f"Site {SIM} is ignored. To undo it: tictally site ignore {SIM} --undo\n")
    code, out, err = answer("cost", *WINDOW, "--json")
    assert (code, err) == (0, "")
    assert {row["site"] for row in json.loads(out)} == {METER}
    assert answer("site", "ignore", SIM, "--undo")[:2] == (0, f"Site {SIM} is recorded again.\n")
    assert answer("cost", *WINDOW)[0] == 1


def test_ignored_sites_are_listed(answer: Answer) -> None:
    answer("site", "ignore", SIM)
    code, out, _ = answer("site", "list")
    assert code == 0
    assert out.splitlines()[-1].startswith("Ignored since 20")
    assert out.splitlines()[-1].endswith(f": {SIM} (meters: {SIM})")
    listed = json.loads(answer("site", "list", "--json")[1])
    assert [(each["site"], each["ignored"] is None) for each in listed] == [(METER, True), (SIM, False)]


def test_a_command_on_an_ignored_site_shows_how_to_undo_that(answer: Answer) -> None:
    answer("site", "ignore", SIM)
    code, _, err = answer("energy", "--site", SIM)
    assert (code, err) == (1, f"tictally: site {SIM} is ignored; tictally site ignore {SIM} --undo ends that\n")


def test_what_is_wrong_is_one_sentence(answer: Answer) -> None:
    assert answer("site", "ignore", "nobody") == (
        1,
        "",
        f"tictally: there is no site 'nobody' in the ledger; its sites are {METER}, {SIM}\n",
    )
    assert answer("site", "ignore", SIM, "--undo")[2] == f"tictally: site {SIM} is not ignored\n"
    assert answer("site", "remove", "nobody", "--yes")[0] == 1


def test_a_site_is_removed_after_a_question(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody answers
    code, out, _ = answer("site", "remove", SIM)
    assert code != 0
    assert f"Delete site {SIM} with all that was recorded of it (2026-11-21 12:01 to 2026-11-21 12:19)?" in out
    assert len(json.loads(answer("site", "list", "--json")[1])) == 2
    assert answer("site", "remove", SIM, "--yes")[:2] == (0, f"Site {SIM} is deleted.\n")
    assert [each["site"] for each in json.loads(answer("site", "list", "--json")[1])] == [METER]
    assert answer("cost", *WINDOW)[0] == 0


@pytest.fixture
def recorder(own_broker: Mosquitto, tmp_path: Path) -> Iterator[Recorder]:
    (tmp_path / "contracts.toml").write_text(CONTRACT.replace("2024", "2020"))
    with Recorder(tmp_path, own_broker.port, settings={"TICTALLY_LANGUAGE": "en"}) as running:
        yield running


def sent(seq: int, meter: str, edge: str) -> str:
    now_ms = time.time_ns() // 1_000_000
    boot = ("a" if edge == "cellar" else "b") * 16
    return Frame(meter, edge, boot, seq, now_ms, Mode.STANDARD, {"EAST": 1000 * seq, "NGTF": "BASE"}).to_json()


@pytest.mark.parametrize("how", ["ignore", "remove"])
def test_a_recorder_that_runs_follows_at_once(
    recorder: Recorder, own_broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("TICTALLY_LEDGER", str(recorder.ledger))
    # Two hubs, because either message may come first, and each waits for the next one on its topic.
    with Hub(own_broker.port) as hub, Hub(own_broker.port) as of_the_other_site:
        hub.subscribe(f"tictally/site/{SIM}/#")
        of_the_other_site.subscribe(f"tictally/site/{METER}/tariff")
        hub.subscribe("tictally/recorder/nas/availability")
        hub.wait_for("tictally/recorder/nas/availability", "online")
        for seq in (1, 2):
            hub.publish("tictally/edge/cellar/frame", sent(seq, METER, "cellar"))
            hub.publish("tictally/edge/sim/frame", sent(seq, SIM, "sim"))
        recorder.wait_until(lambda counts: counts.frames == 4)
        hub.wait_for(f"tictally/site/{SIM}/quality", "unknown")
        assert main(["site", how, SIM, *(["--yes"] if how == "remove" else [])]) == 0
        hub.wait_for(f"tictally/site/{SIM}/quality", "", within_s=60.0)
        of_the_other_site.wait_for(f"tictally/site/{METER}/tariff", "edf-bleu-base 2026-08-01", within_s=60.0)
        hub.publish("tictally/edge/sim/frame", sent(3, SIM, "sim"))
        hub.publish("tictally/edge/cellar/frame", sent(3, METER, "cellar"))
        if how == "ignore":
            recorder.wait_until(lambda counts: (counts.frames, counts.ignored) == (5, 1))
            assert main(["site", "ignore", SIM, "--undo"]) == 0
            hub.publish("tictally/edge/sim/frame", sent(4, SIM, "sim"))
            recorder.wait_until(lambda counts: counts.frames == 6)
        else:
            recorder.wait_until(lambda counts: counts.frames == 4)
