"""Requests through a reverse proxy: the path below which it shows the recorder, and users that it has authenticated."""

from collections.abc import Iterator

import pytest
from api_serving import TOKEN, Served

INGRESS = {"x-ingress-path": "/api/hassio_ingress/Wn3-kq_7"}
PAGED = "/api/v1/energy?from=2026-03-28&to=2026-03-30&by=hour&limit=3"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = {
        "http_reads": "token",
        "http_ingress": "127.0.0.0/8",
        "http_path": "/tictally/",
        "http_frame_ancestors": "https://home.example",
    }
    with Served(tmp_path_factory.mktemp("served"), settings) as found:
        yield found


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("without"), {"http_reads": "token", "http_ingress": "172.30.32.2"}) as found:
        yield found


def test_users_of_ingress_need_no_token(served: Served) -> None:
    assert served.client.get("/api/v1/sites", headers=INGRESS).status_code == 200
    assert served.client.get("/metrics", headers=INGRESS).status_code == 200
    assert served.client.get("/api/v1/sites").status_code == 401


def test_who_only_claims_to_be_ingress_needs_the_token(without: Served) -> None:
    assert without.client.get("/api/v1/sites", headers=INGRESS).status_code == 401
    forwarded = INGRESS | {"x-forwarded-for": "172.30.32.2"}
    assert without.client.get("/api/v1/sites", headers=forwarded).status_code == 401


def test_ingress_is_reached_by_any_host_name(served: Served, without: Served) -> None:
    foreign = {"host": "abc.ui.nabu.casa"}
    assert served.client.get("/api/v1/sites", headers=INGRESS | foreign).status_code == 200
    assert served.client.get("/api/v1/sites", headers=foreign).status_code == 421
    assert without.client.get("/api/v1/sites", headers=INGRESS | foreign).status_code == 421


def test_a_foreign_page_gets_nothing_through_ingress(served: Served) -> None:
    foreign = INGRESS | {"sec-fetch-site": "cross-site", "sec-fetch-dest": "empty"}
    assert served.client.get("/api/v1/sites", headers=foreign).status_code == 403


@pytest.mark.parametrize(
    ("path", "headers", "prefix"),
    [
        ("", INGRESS, INGRESS["x-ingress-path"]),
        ("", {"x-forwarded-prefix": "/electricity/"}, "/electricity"),
        ("/tictally", {}, "/tictally"),
        ("", {}, ""),
        ("", {"x-forwarded-prefix": "//evil.example"}, ""),
        ("", {"x-forwarded-prefix": "https://evil.example"}, ""),
        ("", {"x-forwarded-prefix": "/../.."}, ""),
        ("", {"x-forwarded-prefix": '/"><script>'}, ""),
    ],
)
def test_links_are_those_that_the_client_can_follow(
    served: Served, path: str, headers: dict[str, str], prefix: str
) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", **headers}
    answer = served.client.get(f"{path}{PAGED}", headers=headers)
    assert answer.status_code == 200
    next_page = answer.json()["next"]
    assert next_page.startswith(f"{prefix}/api/v1/energy?")
    assert answer.headers["link"] == f'<{next_page}>; rel="next"'


def test_the_path_itself_is_redirected_to_where_relative_addresses_work(served: Served) -> None:
    answer = served.client.get("/tictally?x=1")
    assert (answer.status_code, answer.headers["location"]) == (308, "/tictally/?x=1")
    assert served.client.get("/tictally/").content == served.client.get("/").content
    assert served.client.get("/tictallyx/").status_code == 404
    assert served.client.get("/tictally/healthz").status_code == 200


def test_frames_are_allowed_to_the_same_origin_and_to_configured_ones(served: Served, without: Served) -> None:
    answer = without.client.get("/")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    framed = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"}
    assert without.client.get("/", headers=framed).status_code == 403
    answer = served.client.get("/", headers=framed)
    assert answer.status_code == 200
    assert "frame-ancestors 'self' https://home.example" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    assert served.client.get("/api/v1/sites", headers=framed | {"sec-fetch-dest": "script"}).status_code == 403
