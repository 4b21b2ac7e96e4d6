"""How a hub makes a state of a topic's payload.

A topic that was cleared says an empty text. Hubs ignore that or warn of it; the templates make it `None`, no state.
"""

from collections.abc import Sequence
from typing import Final

AS_IT_IS: Final = "{{ value or None }}"
DIVIDED_BY_1000: Final = "{{ value | int / 1000 if value else None }}"
TIMES_1000: Final = "{{ value | int * 1000 if value else None }}"


def one_of(options: Sequence[str]) -> str:
    """A state only where it is one of the options.

    When the contract changes, the topic changes first and the options with the announcement. Home Assistant warns of a
    state outside the options, and fails to take new options that its present state is not among.
    """
    return f"{{{{ value if value in {list(options)} else None }}}}"
