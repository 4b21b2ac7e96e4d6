"""A full disk: the recorder reports it, still answers, loses no frame, and resumes when space is free."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from real_broker import Hub, Mosquitto
from recording import Recorder, frame

from tictally_recorder.ledger import LedgerReader, integrity

TOPIC = "tictally/edge/cellar/frame"
TROUBLE = "trying again; the broker keeps what is not stored yet"
AVAILABILITY = "tictally/recorder/nas/availability"


def publish(hub: Hub, first: int, last: int) -> None:
    for begin in range(first, last + 1, 100):
        hub.publish(TOPIC, *(frame(seq) for seq in range(begin, begin + 100)))


def counted(recorder: Recorder) -> int:
    """The number of frames that the reported energy is computed from."""
    with LedgerReader.open(recorder.ledger) as reader:
        return sum(quarter.n for quarter in reader.quarters(1, 0, 2**62))


def fill_up_and_go_on(
    broker: Mosquitto, recorder: Recorder, fill: Callable[[], None], empty: Callable[[], None]
) -> None:
    with Hub(broker.port) as hub, recorder:
        hub.subscribe(AVAILABILITY)
        hub.wait_for(AVAILABILITY, "online")
        publish(hub, 1, 300)
        recorder.wait_until(lambda counts: counts.frames == 300)
        fill()
        publish(hub, 301, 3300)
        recorder.wait_for_log(TROUBLE)
        assert 300 <= counted(recorder) < 3300
        empty()
        recorder.wait_until(lambda counts: counts.frames == 3300, within_s=60)
        assert counted(recorder) == 3300
    assert integrity(recorder.ledger) == []


@pytest.mark.parametrize("killed", [False, True], ids=["room comes", "killed before room comes"])
def test_files_that_cannot_grow_cost_no_frame(own_broker: Mosquitto, tmp_path: Path, *, killed: bool) -> None:
    recorder = Recorder(tmp_path, own_broker.port)

    def limit(size: int) -> None:
        assert recorder._process is not None
        pid = recorder._process.pid
        assert pid is not None
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))

    def fill() -> None:
        limit(max(each.stat().st_size for each in tmp_path.glob("ledger.sqlite*")))

    def empty() -> None:
        if killed:
            recorder.stop(signal.SIGKILL)
            recorder.start()
        else:
            limit(resource.RLIM_INFINITY)

    fill_up_and_go_on(own_broker, recorder, fill, empty)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_small_disk_that_is_full_costs_no_frame(own_broker: Mosquitto, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, own_broker.port)
    with small_disk(tmp_path / "disk") as disk:
        recorder.ledger.symlink_to(disk / "ledger.sqlite")
        other = disk / "other"

        def fill() -> None:
            size = os.statvfs(disk)
            other.write_bytes(bytes(size.f_bavail * size.f_frsize - 4096))

        fill_up_and_go_on(own_broker, recorder, fill, other.unlink)
        assert "disk is full" in recorder.log
        # Full before the recorder starts, too.
        fill()
        reported = recorder.log.count(TROUBLE)
        with Hub(own_broker.port) as hub, recorder:
            publish(hub, 3301, 3400)
            end_s = time.monotonic() + 60
            while recorder.log.count(TROUBLE) == reported:
                assert time.monotonic() < end_s, recorder.log
                time.sleep(0.05)
            other.unlink()
            recorder.wait_until(lambda counts: counts.frames == 3400)
