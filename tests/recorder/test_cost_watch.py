"""Whatever becomes of the files that say by what energy is paid, looking at them ends in a sentence at worst."""

from pathlib import Path

import pytest

from tictally_recorder.cost.watch import WatchedTerms


def test_a_folder_that_cannot_be_read_is_a_problem_until_it_can(tmp_path: Path) -> None:
    watched = WatchedTerms(tmp_path / "contracts.toml", tmp_path / ("x" * 300))
    assert watched.look([])
    assert watched.terms is None
    assert "it cannot be read: File name too long" in str(watched.problem)
    assert not watched.look([])


def test_a_folder_that_goes_while_it_is_walked_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = WatchedTerms(tmp_path / "contracts.toml", tmp_path / "tariffs")
    (tmp_path / "tariffs" / "below").mkdir(parents=True)
    assert watched.look([])

    def gone(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", "below")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rglob", gone)
        assert watched.look([])
    assert watched.look([])
    assert watched.problem is None
