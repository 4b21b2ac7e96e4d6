"""How a hub makes a state of a topic's payload.

A topic that was cleared says an empty text. Hubs ignore that or warn of it; the templates make it `None`, no state.
"""

from typing import Final

AS_IT_IS: Final = "{{ value or None }}"
DIVIDED_BY_1000: Final = "{{ value | int / 1000 if value else None }}"
TIMES_1000: Final = "{{ value | int * 1000 if value else None }}"
