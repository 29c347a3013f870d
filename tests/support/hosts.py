"""Hosts of a test's own making: namespaces of this machine, joined by a bridge, answering SSH.

Each host has its own network, processes, mounts, name, home, /tmp and /mnt. With less they would
disturb each other and whatever else runs here: `ray stop` ends every Ray process that it can see,
and Ray keeps its state in /tmp.

Nothing outlives the test, however it ends: the first process of a host reads a pipe from this one.
Where it ends, the kernel ends all others of the host and removes its network and its mounts. All
that hosts write lies in memory, but for the folder that they share.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self, final

PRIVATE = (Path.home(), Path("/tmp"))  # noqa: S108 - the folder that Ray takes
SHARED = Path("/mnt/shared")
NETWORK = "10.77.0"
NEEDED = ("sshd", "rsync", "ssh-keygen", "ip", "unshare", "nsenter")

# Runs as the first process of a host. What the host is to see of the folders that become private
# is put into their replacements before those are put in place.
START = """
set -e
mount -t tmpfs host /mnt
see() { mkdir -p "/mnt/host$1" "$1"; mount --bind "$1" "/mnt/host$1"; }
mkdir -p /mnt/shared /mnt/keys
mount --bind "$SHARED" /mnt/shared
cp "$KEYS"/* /mnt/keys
for folder in $VISIBLE; do see "$folder"; done
for folder in $PRIVATE; do
    mkdir -p "/mnt/host$folder"
    mount --rbind "/mnt/host$folder" "$folder"
done
chmod 1777 /tmp
cp /etc/skel/.bashrc "$HOME"
mkdir -m 700 "$HOME/.ssh"
cp /mnt/keys/id_ed25519 /mnt/keys/authorized_keys "$HOME/.ssh"
mount -t tmpfs run /run
mkdir /run/sshd
hostname "$NAME"
ip link set lo up
echo ready
/usr/sbin/sshd -D -h /mnt/keys/host_key -o PermitRootLogin=prohibit-password -o PidFile=none \
    -o UsePAM=no -o MaxStartups=100 -o LogLevel=ERROR &
cat <&0 &
wait -n
"""


def missing() -> str:
    """Say what is missing here to make hosts; empty where nothing is."""
    if os.name != "posix" or os.geteuid() != 0:
        return "network namespaces and sshd need root"
    absent = [tool for tool in NEEDED if shutil.which(tool) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


@final
class Host:
    """One host; it answers SSH once it is joined to a network."""

    def __init__(self, name: str, address: str, folder: Path, visible: tuple[Path, ...]) -> None:
        self.name, self.address = name, address
        keys = folder / "keys"
        environment = os.environ | {
            "NAME": name,
            "SHARED": str(folder / "shared"),
            "KEYS": str(keys),
            "VISIBLE": " ".join(map(str, visible)),
            "PRIVATE": " ".join(map(str, PRIVATE)),
        }
        self._process = subprocess.Popen(
            [
                *("unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--mount-proc"),
                *("--fork", "--kill-child", "bash", "-c", START),
            ],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            self.kill()
            raise RuntimeError(f"cannot make the host {name}")

    @property
    def pid(self) -> int:
        """A process in the host's namespaces."""
        return self._process.pid

    def command(self, *command: str, **environment: str) -> list[str]:
        """Return what runs a command on the host, with nothing of this process's environment."""
        path = f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        variables = {"HOME": str(Path.home()), "PATH": path, "TERM": "dumb"} | environment
        pairs = [f"{name}={value}" for name, value in variables.items()]
        # The process itself stays outside; its children are the host's.
        pids = f"--pid=/proc/{self.pid}/ns/pid_for_children"
        target = ("--target", str(self.pid), "--net", "--mount", "--uts", "--ipc", pids)
        return ["nsenter", *target, "--wd=/", "env", "-i", *pairs, *command]

    def join(self, bridge: "Host", name: str) -> None:
        """Plug the host in: an end of a cable here, the other at a bridge."""
        port = f"port-{self.name}"
        netns = f"--net=/proc/{bridge.pid}/ns/net"
        for line in (
            f"link add {port} type veth peer name eth0 netns {self.pid}",
            f"link set {port} master {name} up",
        ):
            subprocess.run(["nsenter", netns, "ip", *line.split()], check=True)
        for line in (
            f"addr add {self.address}/24 dev eth0",
            "link set eth0 up",
            f"route add default via {bridge.address}",  # leads nowhere; tells Ray its address
        ):
            subprocess.run(self.command("ip", *line.split()), check=True)

    def kill(self) -> None:
        """End all its processes at once, as a loss of power would; its network goes with them."""
        self._process.kill()
        self._process.communicate()


@final
class Lab:
    """Some hosts on one network, and beside them a laptop from which they are used.

    Args:
        folder: For keys, and for ``shared``, which all hosts see as `SHARED`.
        names: Of the hosts.
        source: A folder that the laptop sees as it is here.
    """

    def __init__(self, folder: Path, names: tuple[str, ...], source: Path) -> None:
        self._folder, self._names, self._source = folder, names, source
        self.shared.mkdir()
        _make_keys(folder / "keys")
        self.hosts: dict[str, Host] = {}

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def shared(self) -> Path:
        """What all hosts see as `SHARED`, seen from here."""
        return self._folder / "shared"

    @property
    def laptop(self) -> Host:
        """The host that has this repository."""
        return self.hosts["laptop"]

    def _build(self) -> None:
        interpreter = tuple(dict.fromkeys(_hidden(Path(sys.prefix), Path(sys.base_prefix))))
        for number, name in enumerate(("laptop", *self._names), start=1):
            visible = interpreter
            if name == "laptop":
                visible = tuple(dict.fromkeys((*_hidden(self._source), *interpreter)))
            self.hosts[name] = Host(name, f"{NETWORK}.{number}", self._folder, visible)
        laptop = self.laptop
        for line in (
            "link add lan type bridge",
            f"addr add {laptop.address}/24 dev lan",
            "link set lan up",
        ):
            subprocess.run(laptop.command("ip", *line.split()), check=True)
        for name in self._names:
            self.hosts[name].join(laptop, "lan")

    def close(self) -> None:
        """Remove all hosts."""
        for host in self.hosts.values():
            host.kill()


def _hidden(*folders: Path) -> tuple[Path, ...]:
    """Return those that lie in a folder that is private to a host."""
    return tuple(path for path in folders if any(path.is_relative_to(own) for own in PRIVATE))


def _make_keys(folder: Path) -> None:
    folder.mkdir()
    for name in ("host_key", "id_ed25519"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    shutil.copy(folder / "id_ed25519.pub", folder / "authorized_keys")
