"""Objects by name, and one line for each thing that can be wrong with a storage."""

import http.server
import threading

import pytest
from pyarrow.fs import GcsFileSystem

from search.storage.store import Store, is_remote, parse_uri
from searchspace.errors import UserError


@pytest.fixture
def store(server, request):
    return parse_uri(server.uri(request.node.name))


def test_what_is_written_is_read_listed_and_removed(store, tmp_path):
    store.write("a/b.txt", b"one")
    store.write("a/b.txt", b"two")
    (tmp_path / "file").write_bytes(b"x" * 11_000_000)  # more than one part
    upload = store.upload(tmp_path / "file", "c")
    assert store.read("a/b.txt") == b"two"
    assert store.child("a").read("b.txt") == b"two"
    assert store.names("") == ["a/b.txt", "c"]
    assert store.names("a") == ["b.txt"]
    assert store.names("nothing") == []
    assert store.download("c", tmp_path / "copy") == upload
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "file").read_bytes()
    store.remove("a/b.txt")
    store.remove("a/b.txt")
    assert store.read("a/b.txt") is None
    assert store.written("a/b.txt") is None
    assert store.written("c") is not None


def test_a_small_object_is_one_request(store, server):
    store.write("warm", b"")
    before = len(server.asked)
    store.write("small", b"x" * 100_000)
    assert [verb for verb, *_ in server.asked[before:]] == ["PUT"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s4://lab/x", "unknown kind of storage 's4': did you mean s3"),
        ("s3://", "names no bucket"),
        ("s3://key:secret@lab/x", "holds credentials"),
        ("s3://lab/x?nonsense=1", "Unexpected query parameter"),
    ],
)
def test_a_wrong_address_is_refused_in_one_line(address, message):
    with pytest.raises(UserError, match=message) as error:
        parse_uri(address).read("x")
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_kinds_of_storage():
    assert is_remote("s3://lab/x")
    assert is_remote("s4://lab/x"), "to be refused, and not to become a folder"
    assert not is_remote("/mnt/runs")
    assert not is_remote("file:///mnt/runs")
    assert str(parse_uri("gs://anonymous@lab/x/")) == "gs://anonymous@lab/x"


def test_googles_client_gives_up_in_time():
    store = parse_uri("gs://anonymous@lab/runs")
    assert store.uri.endswith("?retry_limit_seconds=10")
    assert isinstance(store._files, GcsFileSystem)
    assert store._path("a") == "lab/runs/a"


def test_no_such_bucket(server):
    with pytest.raises(UserError, match=r"^s3://nowhere/x: there is no such bucket: make it"):
        parse_uri(f"s3://nowhere/x?{server.query}").write("a", b"")


def test_nobody_answers(environment, impatient):
    with pytest.raises(UserError, match=r"^s3://lab/x: does not answer: look at the network"):
        parse_uri("s3://lab/x?endpoint_override=127.0.0.1:9&scheme=http").write("a", b"")


class Refusing:
    """An S3 server that answers each request with an error, or so many of them and then well."""

    def __init__(self, status: int, code: str, times: int = 1000) -> None:
        self.requests = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests += 1
                fails = outer.requests <= times
                body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
                self.send_response(status if fails else 200)
                self.send_header("Content-Length", str(len(body)) if fails else "0")
                self.end_headers()
                if fails:
                    self.wfile.write(body)

            def log_message(self, *arguments) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self):
        self._thread.start()
        port = self._server.server_port
        self.store = parse_uri(f"s3://lab/x?endpoint_override=127.0.0.1:{port}&scheme=http")
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", "access is denied: give this machine and every node credentials"),
        ("InvalidAccessKeyId", "the credentials are refused"),
        ("SignatureDoesNotMatch", "the credentials are refused"),
        ("ExpiredToken", "the credentials are refused"),
    ],
)
def test_credentials_that_do_not_do(environment, code, message):
    with Refusing(403, code) as server, pytest.raises(UserError, match=f"^s3://lab/x: {message}"):
        server.store.write("a", b"x")
    assert server.requests == 1, "trying again cannot help"


def test_a_storage_that_is_busy_for_a_moment_is_tried_again(environment, monkeypatch):
    """More often than pyarrow does, which is three times."""
    monkeypatch.setattr("search.storage.store.WAITS_S", (0.0, 0.0))
    with Refusing(503, "SlowDown", times=4) as server:
        server.store.write("a", b"x")
    assert server.requests == 5


def test_a_storage_that_stays_broken_is_reported_in_its_own_words(environment, impatient):
    with Refusing(507, "QuotaExceeded") as server, pytest.raises(UserError) as error:
        server.store.write("a", b"x")
    assert str(error.value).startswith("s3://lab/x: ")
    assert "QuotaExceeded" in str(error.value)


def test_a_store_travels_as_its_address_alone(store):
    assert Store(store.uri) == store
