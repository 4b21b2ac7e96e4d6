"""An MQTT publisher's format that is a test's own, as one file: one JSON object per message. Run as `tictally-edge`."""

import json
import sys
from collections.abc import Iterable

from tictally_edge.__main__ import main
from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.sources.message_formats import MESSAGE_FORMATS
from tictally_shared.labels import Mode


class JsonMessages:
    """`{"id": "021961000001", "index": 5000, "power": 700}`."""

    def feed(self, _topic: str, payload: bytes, at: float) -> Iterable[DecodedFrame]:
        try:
            body = json.loads(payload)
            values: dict[str, int | str] = {"BASE": int(body["index"]), "PAPP": int(body["power"]), "OPTARIF": "BASE"}
            number = str(body["id"])
        except (ValueError, KeyError, TypeError):
            return
        yield DecodedFrame(
            mode=Mode.HISTORIQUE,
            number=number,
            values=values,
            dated={},
            complete=True,
            rejected={},
            groups=len(values) + 1,
            horodates_unreadable=0,
            parity=False,
            offset=0,
            at=at,
        )


MESSAGE_FORMATS.register("json-publisher", JsonMessages)

if __name__ == "__main__":
    sys.exit(main())
