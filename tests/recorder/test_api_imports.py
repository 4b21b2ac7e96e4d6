"""Importing through the API, as the page does: files in pieces, a dry run, the import, undoing; who may, how much."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from api_serving import METER, TOKEN, Served
from cost_building import PARIS
from enedis_files import lines_of, write
from imported_files import local

from tictally_recorder.api import app, uploads
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.uploads import PIECE_BYTES, Piece, Uploads
from tictally_recorder.imports.background import BackgroundImports

BEARER: Final = {"authorization": f"Bearer {TOKEN}"}
START = local(2026, 1, 5).replace(tzinfo=PARIS)
WITHIN_S = 120


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as found:
        yield found


def post(served: Served, path: str, content: bytes = b"", **query: str | int) -> httpx.Response:
    return served.client.post(f"/api/v1/imports/{path}", content=content, headers=BEARER, params=query)


def sent(served: Served, **files: bytes) -> str:
    """The id of an upload of some files, each in pieces of 1000 bytes."""
    upload: str = post(served, "uploads").json()["id"]
    for number, (name, content) in enumerate(files.items()):
        for offset in range(0, len(content), 1000):
            piece = content[offset : offset + 1000]
            answer = post(served, f"uploads/{upload}/files/{number}", piece, name=f"{name}.csv", offset=offset)
            assert answer.status_code == 200, answer.text
    return upload


def finished(served: Served) -> dict[str, Any]:
    """The last task, once it has ended."""
    deadline_s = time.monotonic() + WITHIN_S
    while True:
        task: dict[str, Any] = served.get("/api/v1/imports/task").json()
        if task["state"] != "running":
            return task
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def load_curve(folder: Path, powers: Sequence[int]) -> bytes:
    path = write(folder / "curve.csv", lines_of(START, powers))
    content = path.read_bytes()
    path.unlink()
    return content


def test_files_come_in_pieces_are_tried_imported_and_undone(served: Served, tmp_path: Path) -> None:
    before = served.items("/api/v1/energy?from=2026-01-01&to=2026-04-01&by=month")
    upload = sent(served, curve=load_curve(tmp_path, [1000] * 48 * 30))
    assert post(served, f"uploads/{upload}/check").status_code == 202
    tried = finished(served)
    assert (tried["kind"], tried["state"], tried["result"]["run"], tried["values"]) == ("check", "done", None, 1440)
    months = [(each["month"], each["before_wh"], each["after_wh"]) for each in tried["result"]["months"]]
    assert months == [("2026-01", None, 648_000), ("2026-02", None, 72_000)]
    assert served.items("/api/v1/imports") == []

    assert post(served, f"uploads/{upload}/import", site=METER).status_code == 202
    done = finished(served)
    assert (done["kind"], done["result"]["run"], done["result"]["files"][0]["name"]) == ("import", 1, "curve.csv")
    assert [each["run"] for each in served.items("/api/v1/imports")] == [1]
    again = sent(served, other_name=load_curve(tmp_path, [1000] * 48 * 30))
    post(served, f"uploads/{again}/check")
    assert (finished(served)["result"]["skipped"], finished(served)["result"]["site"]) == (["other_name.csv"], None)

    assert post(served, "1/undo").status_code == 202
    undone = finished(served)
    assert (undone["kind"], undone["run"], undone["state"]) == ("undo", 1, "done")
    assert served.items("/api/v1/imports") == []
    assert served.items("/api/v1/energy?from=2026-01-01&to=2026-04-01&by=month") == before
    assert post(served, "1/undo").status_code == 404


def test_a_bad_file_is_a_problem_with_file_and_line_and_imports_nothing(served: Served, tmp_path: Path) -> None:
    good = load_curve(tmp_path, [1000] * 48)
    upload = sent(served, good=good, bad=good.replace(b";1000\n", b";much\n", 1))
    post(served, f"uploads/{upload}/import")
    task = finished(served)
    assert (task["state"], task["result"]) == ("failed", None)
    error = task["error"]
    assert (error["file"], error["problem"]["code"], error["line"] > 0) == ("bad.csv", "not_a_number", True)
    assert "much" in error["problem"]["text"]
    assert str(served.folder) not in json.dumps(task)
    assert served.items("/api/v1/imports") == []


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"cookie": f"tictally_token={TOKEN}"}])
def test_writing_requires_the_token_in_its_header(served: Served, headers: dict[str, str]) -> None:
    of_uploads = ("uploads", "uploads/x/files/0?name=a", "uploads/x/check", "uploads/x/import")
    for path in (*of_uploads, "home-assistant/check", "home-assistant/import", "1/undo", "task/cancel"):
        assert served.client.post(f"/api/v1/imports/{path}", headers=headers).status_code == 401, path
    assert served.client.delete("/api/v1/imports/uploads/x", headers=headers).status_code == 401
    may = served.get("/api/v1/imports/task", **headers).json()["writes"]
    assert may == ("allowed" if "cookie" in headers else "refused")


def test_home_assistant_is_asked_only_where_it_is_set(served: Served) -> None:
    assert served.get("/api/v1/imports/task").json()["home_assistant"] is False
    for step in ("check", "import"):
        answer = post(served, f"home-assistant/{step}")
        assert (answer.status_code, "TICTALLY_HOME_ASSISTANT_URL" in answer.json()["detail"]) == (409, True)


def test_who_comes_through_ingress_may_import_without_a_token(tmp_path: Path) -> None:
    with Served(tmp_path, {"http_ingress": "127.0.0.1"}) as served:
        through = {"x-ingress-path": "/api/hassio_ingress/x"}
        assert served.get("/api/v1/imports/task", **through).json()["writes"] == "allowed"
        assert served.client.post("/api/v1/imports/uploads", headers=through).status_code == 201
        elsewhere = through | {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:5000"}
        assert served.client.post("/api/v1/imports/uploads", headers=elsewhere).status_code == 401


def test_a_piece_that_is_too_large_is_rejected_and_other_bodies_stay_small(served: Served) -> None:
    upload = sent(served)
    path = f"uploads/{upload}/files/0"
    assert post(served, path, b"x" * PIECE_BYTES, name="a.csv").json()["files"][0]["bytes"] == PIECE_BYTES
    assert post(served, path, b"x" * (PIECE_BYTES + 1), name="a.csv", offset=PIECE_BYTES).status_code == 413
    assert post(served, "1/undo", b"x" * 20_000).status_code == 413
    assert served.client.delete(f"/api/v1/imports/uploads/{upload}", headers=BEARER).status_code == 204
    assert post(served, path, b"x", name="a.csv").status_code == 404
    assert [each.name for each in served.folder.iterdir() if "uploads" in each.name] == []


def test_what_a_killed_recorder_has_left_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "ledger.sqlite.uploads" / "x" / "0" / "a.csv"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    deadline_s = time.monotonic() + WITHIN_S
    with Served(tmp_path):
        while left.exists():
            assert time.monotonic() < deadline_s
            time.sleep(0.02)


def test_a_running_task_is_the_only_one_and_is_cancelled(served: Served, tmp_path: Path) -> None:
    upload = sent(served, curve=load_curve(tmp_path, [1000] * 48))
    assert post(served, f"uploads/{upload}/import").json()["state"] == "running"
    assert post(served, f"uploads/{upload}/check").status_code == 409
    assert post(served, "uploads").status_code == 409
    assert post(served, "task/cancel").json()["state"] in {"cancelled", "done"}


def test_files_that_are_being_imported_do_not_expire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_EXPIRY_S", 0.05)
    monkeypatch.setattr(uploads, "_EXPIRES_S", -1.0)
    monkeypatch.setattr(BackgroundImports, "is_running", True)
    with Served(tmp_path) as served:
        upload = served.context.uploads.begin()
        time.sleep(0.5)
        assert upload.folder.exists()
        monkeypatch.setattr(BackgroundImports, "is_running", False)
        deadline_s = time.monotonic() + WITHIN_S
        while upload.folder.exists():
            assert time.monotonic() < deadline_s
            time.sleep(0.02)


class TestUploads:
    """Without HTTP."""

    def begun(self, folder: Path, most_bytes: int = 10_000) -> tuple[Uploads, str]:
        found = Uploads(folder / "ledger.sqlite", most_bytes)
        return found, found.begin().id

    def test_a_piece_may_be_sent_again_but_none_may_be_missing(self, tmp_path: Path) -> None:
        found, upload = self.begun(tmp_path)
        for _ in range(2):
            assert found.add(upload, Piece(0, "a", 0, b"abc")).bytes == 3
        with pytest.raises(Problem, match="begins at byte 3"):
            found.add(upload, Piece(0, "a", 5, b"x"))
        assert found.add(upload, Piece(0, "a", 3, b"de")).paths[0].read_bytes() == b"abcde"

    @pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "C:\\a", "a\nb", "a\0b", "é" * 101])
    def test_a_name_stays_in_its_folder(self, tmp_path: Path, name: str) -> None:
        found, upload = self.begun(tmp_path)
        with pytest.raises(Problem, match="is no name of a file"):
            found.add(upload, Piece(0, name, 0, b"x"))

    def test_two_files_may_have_one_name(self, tmp_path: Path) -> None:
        found, upload = self.begun(tmp_path)
        found.add(upload, Piece(0, "a", 0, b"x"))
        assert [each.read_bytes() for each in found.add(upload, Piece(1, "a", 0, b"y")).paths.values()] == [b"x", b"y"]

    def test_all_files_together_are_limited(self, tmp_path: Path) -> None:
        found, upload = self.begun(tmp_path, 5)
        found.add(upload, Piece(0, "a", 0, b"xxx"))
        with pytest.raises(Problem, match="TICTALLY_HTTP_UPLOAD_MB"):
            found.add(upload, Piece(1, "b", 0, b"xxx"))

    def test_the_disk_is_not_filled(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        found, upload = self.begun(tmp_path)
        monkeypatch.setattr(uploads, "_KEPT_FREE_BYTES", 1 << 62)
        with pytest.raises(Problem, match="the ledger's disk has"):
            found.add(upload, Piece(0, "a", 0, b"x"))

    def test_an_upload_that_nobody_uses_ends_after_an_hour(self, tmp_path: Path) -> None:
        now_s = 0.0
        found = Uploads(tmp_path / "ledger.sqlite", 10, lambda: now_s)
        upload = found.begin()
        for now_s in (3000.0, 6000.0):  # noqa: B007 - the clock reads it
            found.expire()
            found.find(upload.id)
        now_s = 9700.0
        found.expire()
        assert not upload.folder.exists()
        with pytest.raises(Problem, match="has ended"):
            found.find(upload.id)
