"""S3 servers."""

import os

import pytest
from s3 import ENVIRONMENT, Server


@pytest.fixture(scope="session")
def environment():
    values = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    yield
    for name, value in values.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def server(environment):
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def mortal(environment):
    """A server that a test may stop."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("search.storage.store.WAITS_S", ())
