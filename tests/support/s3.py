"""An S3 server of this machine, which counts what is asked of it."""

import logging
from collections import Counter
from urllib.request import Request, urlopen

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests-secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Server:
    """A bucket ``lab`` on a server that listens on the loopback address alone."""

    def __init__(self, port: int = 0) -> None:
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - takes a second to load

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]
        self.query = f"endpoint_override=127.0.0.1:{self.port}&scheme=http"
        self.asked: list[tuple[str, str, int]] = []
        werkzeug = self._server._server
        werkzeug.app = self._counting(werkzeug.app)
        self.put("", b"")

    def _counting(self, app):
        def counted(environ, start_response):
            # Noted before it is answered: who has the answer may count at once.
            parts = list(app(environ, start_response))
            sent = sum(map(len, parts))
            self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], sent))
            return parts

        return counted

    def uri(self, name: str = "") -> str:
        return f"s3://lab/{name}?{self.query}"

    def gets(self, ending: str) -> Counter[str]:
        """Count what was read, by path."""
        return Counter(path for verb, path, _ in self.asked if verb == "GET" and ending in path)

    def put(self, name: str, data: bytes) -> None:
        """Write an object, past the code that is tested."""
        place = f"http://127.0.0.1:{self.port}/lab" + (f"/{name}" if name else "")
        urlopen(Request(place, data=data, method="PUT"), timeout=30).close()

    def stop(self) -> None:
        self._server.stop()
