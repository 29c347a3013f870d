"""What other users of the machine find while a search runs: no open port, no readable token."""

import ipaddress
import os
import signal
import stat
from pathlib import Path

import pytest

SOCKET = "--raylet_socket_name="


@pytest.mark.ray
def test_a_local_search_listens_on_the_loopback_address_and_its_token_is_its_owners(tmp_path):
    from kills import PATIENCE_S, Killer, psutil  # noqa: PLC0415 - Ray

    search = Killer(tmp_path / "run", trials=20)
    process = search.start()
    try:
        search.wait(process, 1)
        family = [
            psutil.Process(process.pid),
            *psutil.Process(process.pid).children(recursive=True),
        ]
        addresses = {
            connection.laddr.ip.removeprefix("::ffff:")  # of version 4, written as of 6
            for member in family
            for connection in member.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        }
        (socket,) = {
            Path(word.removeprefix(SOCKET))
            for member in family
            for word in member.cmdline()
            if word.startswith(SOCKET)
        }
        closed = [path for path in socket.parents if stat.S_IMODE(path.stat().st_mode) == 0o700]
        token = Path(os.environ["RAY_AUTH_TOKEN_PATH"])
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (token, token.parent)]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
    assert addresses, "Ray listens somewhere"
    assert all(ipaddress.ip_address(address).is_loopback for address in addresses), addresses
    assert modes == [0o600, 0o700]
    assert any(path.name == f"ray-{os.geteuid()}" for path in closed), socket
