"""A real HTTP server over a real ledger, with a loop that writes as the recorder's does."""

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, Self

import httpx
from cost_building import PARIS
from pydantic import SecretStr

from tictally_recorder.api.app import make_meterit_app
from tictally_recorder.api.context import Context
from tictally_recorder.api.server import HttpServer
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.features import settings_with
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ingest.events import Event, Inbox, WriteCommand
from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader, Message
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

METER: Final = "021900000002"
TOKEN: Final = "a-token-for-tests-0123"  # noqa: S105
CONTRACT: Final = '[[contract]]\nsite = "021900000002"\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2024-01-01\n'
MIDNIGHT: Final = datetime.fromisoformat("2026-03-28T00:00:00+01:00")
NOON: Final = datetime.fromisoformat("2026-03-30T12:00:00+02:00")
MIDNIGHT_MS: Final = int(MIDNIGHT.timestamp()) * 1000
HOUR_MS: Final = 3_600_000


def frames(hours: float, *, meter: str = METER, edge: str = "cellar", boot: str = "a1" * 8) -> list[Frame]:
    """A frame each ten minutes from midnight on: 60 Wh an hour consumed, 12 injected, at 360 VA, hourly more."""
    found = []
    for seq in range(int(hours * 6) + 1):
        values: dict[str, int | str] = {
            "EAST": 1_000_000 + 10 * seq,
            "EAIT": 5_000 + 2 * seq,
            "SINSTS": 360 if seq % 6 else 1500 + seq,
            "PREF": 6,
            "LTARF": "BASE",
            "STGE": "003A4401",
        }
        at_ms = MIDNIGHT_MS + seq * HOUR_MS // 6
        found.append(Frame(meter, edge, boot, seq + 1, at_ms, Mode.STANDARD, values))
    return found


def messages(found: Iterable[Frame]) -> list[Message]:
    return [
        Message(each.edge, each.to_json().encode(), each.time_ms + 50, f"tictally/edge/{each.edge}/frame")
        for each in found
    ]


@dataclass
class Served:
    """What `tictally record` serves, without MQTT; in Paris, on 30 March 2026 at noon.

    `roots`: meterit's port too. `retention`: without the raw frames that are too old by then.
    """

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    contracts: str = CONTRACT
    stored: list[Frame] = field(default_factory=lambda: frames(59))
    now: datetime = NOON
    roots: bool = False
    retention: bool = False
    broadcast: Broadcast = field(default_factory=Broadcast)
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)

    def __enter__(self) -> Self:
        self.path = self.folder / "ledger.sqlite"
        (self.folder / "contracts.toml").write_text(self.contracts)
        self.ledger = self._stack.enter_context(Ledger.open(self.path))
        self.reader = self._stack.enter_context(LedgerReader.open(self.path))
        self.ledger.store(messages(self.stored))
        terms = WatchedTerms(self.folder / "contracts.toml", self.folder / "tariffs", PARIS)
        settings = settings_with(name="nas", ledger=self.path, http_token=SecretStr(TOKEN), **self.settings)
        self.keeper = CostRecomputer(self.ledger, self.reader, terms, settings.zone)
        while self.retention and self.ledger.apply_retention(int(self.now.timestamp() * 1000)):
            pass
        self.recompute_cost()
        self.inbox: Inbox = SimpleQueue()
        self.context = Context(settings, self.broadcast, self.inbox, lambda: self.now)
        server = self._stack.enter_context(HttpServer(self.context, "127.0.0.1", 0))
        assert server.wait(20)
        self.port = server.port
        if self.roots:
            root = self._stack.enter_context(HttpServer(self.context, "127.0.0.1", 0, make_meterit_app))
            assert root.wait(20)
            self.root_port = root.port
        self.base = f"http://127.0.0.1:{server.port}"
        self.client = self._stack.enter_context(httpx.Client(base_url=self.base, timeout=60))
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def recompute_cost(self) -> None:
        self.keeper.begin()
        while self.keeper.step(lambda: int(self.now.timestamp() * 1000)):
            pass

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def items(self, path: str) -> list[dict[str, Any]]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def post(
        self,
        body: object,
        *,
        token: str | None = TOKEN,
        client: httpx.Client | None = None,
        path: str = "/meterit/",
        content_type: str = "application/json",
    ) -> httpx.Response:
        """Post a reading."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": content_type}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return self._while_writing(lambda: (client or self.client).post(path, content=content, headers=headers))

    def send(self, method: str, path: str, body: object = None, *, token: str | None = TOKEN) -> httpx.Response:
        """Request a change."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return self._while_writing(lambda: self.client.request(method, path, json=body, headers=headers))

    def _while_writing(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        """The SQLite connection belongs to this thread, so it runs the write commands meanwhile."""
        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(request()))
        thread.start()
        while thread.is_alive():
            self.run_write_commands()
            thread.join(0.01)
        return answers[0]

    def run_write_commands(self) -> None:
        while not self.inbox.empty():
            event: Event = self.inbox.get()
            if isinstance(event, WriteCommand) and event.done.set_running_or_notify_cancel():
                try:
                    event.done.set_result(event.work(self.ledger))
                except (ValueError, LedgerError) as error:
                    event.done.set_exception(error)

    def store(self, found: Iterable[Frame]) -> None:
        batch = messages(found)
        self.ledger.store(batch)
        self.broadcast.publish_frames(batch)
