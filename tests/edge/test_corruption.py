"""The short form of `./run bench corruption`: what a bad line gets through, seeded and so always the same."""

import pytest
from benchmarks.bench_corruption import DAMAGES, Damage, measure

from tictally_shared.labels import Mode

CORRUPTED = 1500


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_next_to_nothing_wrong_gets_through_a_bad_line(mode: Mode, damage: Damage) -> None:
    figures = measure(mode, damage, CORRUPTED)
    assert figures.corrupted >= CORRUPTED
    assert figures.published > figures.frames  # it is not silence that keeps it clean
    assert figures.ours["register"] == 0
    assert figures.ours.total() <= (0 if damage.parity else 1)
    if damage.flip:
        assert figures.bare.total() > 20
