"""Clients that we did not write, unmodified, on the simulator.

Each runs with the Python of its own environment below `target/foreign/` (`cargo xtask foreign`), where this package is
installed beside it by `cargo xtask test`.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE, REPOSITORY

from ctp_py import sim

HERE = Path(__file__).resolve().parent
FOREIGN = Path(os.environ.get("CTP_FOREIGN_DIR") or REPOSITORY / "target" / "foreign")

#: The command of this project.
CTP = Path(os.environ.get("CTP_COMMAND") or REPOSITORY / "target" / "debug" / "ctp")

#: The longest that a client may take for its day.
TOUR = 4 * PATIENCE

#: Package, the module that users import, and the version it was built with.
CLIENTS = [("openctp-ctp", "openctp_ctp", "6.7.11"), ("ctp-python", "ctp", "6.7.13")]

_names = itertools.count()

each_client = pytest.mark.parametrize(("package", "module", "version"), CLIENTS)


@pytest.fixture
def front() -> str:
    """An exchange twenty times as fast as the machine's clock, in the client's process."""
    return f"sim://foreign-{next(_names)}?clock=virtual&speed=20&start=2026-11-23T10:00:00"


@pytest.fixture(autouse=True)
def no_locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No client finds a locale of the system: an empty folder is where they are looked for."""
    empty = tmp_path / "locales"
    empty.mkdir()
    monkeypatch.setenv("LOCPATH", str(empty))


def python(package: str) -> Path:
    """Returns the Python of a client's environment."""
    path = FOREIGN / package / "bin" / "python"
    assert path.is_file(), f"no environment for {package} at {path}: run `cargo xtask foreign {package}`"
    return path


def run(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a client's program with more variables in the environment."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **variables}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=TOUR, env=environment, check=False
    )


def tour(package: str, module: str, *arguments: str, before: list[str] | None = None, **variables: str) -> Any:
    """Runs the client's day and returns what it saw."""
    done = run([str(python(package)), *(before or []), str(HERE / "swig_tour.py"), module, *arguments], **variables)
    return seen(done)


def seen(done: subprocess.CompletedProcess[str]) -> Any:
    lines = [line for line in done.stdout.splitlines() if line.startswith("SEEN ")]
    assert done.returncode == 0 and len(lines) == 1, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(lines[0].removeprefix("SEEN "))


class Served:
    """`ctp sim serve` with a clock twenty times as fast as the machine's, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "day.db"
        self.listen = "127.0.0.1:0"
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        command = [str(CTP), "sim", "serve", "--json", "--listen", self.listen, "--store", str(self.store)]
        options = ["--clock", "virtual", "--speed", "20", "--start", "2026-11-23T10:00:00"]
        self.process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, encoding="utf-8")
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said, "ctp sim serve says on standard error why it does not start"
        self.front: str = json.loads(said)["td"]
        # From now on, also after a restart.
        self.listen = self.front.removeprefix("tcp://")
        # Nobody reads the rest: a pipe that is full would stop the server.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    assert CTP.is_file(), f"no command at {CTP}: run `cargo build --bin ctp`, or let CTP_COMMAND name it"
    served = Served(tmp_path)
    yield served
    served.kill()


def check(saw: Any, version: str) -> None:
    """What any client must have seen of its day, in Chinese where CTP speaks Chinese."""
    for name in ("md_version", "td_version"):
        assert saw[name].startswith(f"v{version}_CTPSIM_"), saw[name]
    assert (saw["accepted"], saw["canceled"], saw["replayed"]) == ("未成交", "已撤单", "已撤单")
    assert saw["refused"]["error"] == 16 and saw["refused"]["text"] == "CTP:找不到合约"
    assert [order["text"] for order in saw["orders"]] == ["已撤单", "全部成交报单已提交"]
    assert saw["trades"] and {trade["ref"] for trade in saw["trades"]} == {saw["orders"][1]["ref"]}
    assert saw["positions"] == [{"instrument": "rb2701", "position": 2, "direction": "2"}]
    assert len(saw["account"]) == 1 and saw["account"][0]["margin"] > 0
    assert saw["instruments"] == [{"id": "rb2701", "name": "螺纹钢2701", "multiple": 10}]
    assert saw["orders_again"] == 2
    first, second = saw["sessions"]
    assert first[0] == second[0] and first != second


def by_preload(version: str) -> list[str]:
    return ["-m", "ctp_py.sim", "run", "--as", version]


@each_client
def test_by_preload(package: str, module: str, version: str, front: str) -> None:
    saw = tour(package, module, front, before=by_preload(version))
    check(saw, version)
    assert saw["reasons"] == [0x1001, 0x1001]


@each_client
def test_a_script_with_a_brokers_address(package: str, module: str, version: str, front: str) -> None:
    """Fronts that stand in the script are replaced."""
    command = [*by_preload(version), "--front", front]
    saw = tour(package, module, "tcp://180.168.146.187:10201", "--exchange", front, before=command)
    check(saw, version)


@each_client
def test_on_a_served_exchange(package: str, module: str, version: str, served: Served) -> None:
    saw = tour(package, module, served.front, before=by_preload(version))
    check(saw, version)
    assert saw["reasons"] == [0x1001, 0x1001]
    with sim.Exchange.at(served.front) as exchange:
        assert [order["live"] for order in exchange.orders("investor")] == [False, False]


@each_client
def test_a_server_that_is_killed_and_started_again(package: str, module: str, version: str, served: Served) -> None:
    """Its day goes on: the client connects again by itself and finds its orders."""
    command = [str(python(package)), *by_preload(version), str(HERE / "swig_tour.py"), module, served.front]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    client = subprocess.Popen(
        [*command, "--no-disconnect"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env=environment,
    )
    try:
        assert client.stdout is not None
        assert client.stdout.readline() == "TRADED\n"
        served.kill()
        served.start()
        out, error = client.communicate(timeout=TOUR)
    finally:
        client.kill()
    saw = seen(subprocess.CompletedProcess(command, client.returncode, out, error))
    check(saw, version)
    assert set(saw["reasons"]) <= {0x1001, 0x1002}


def test_by_environment_ctp_python(front: str) -> None:
    folder = sim.libraries("6.7.13").folder
    check(tour("ctp-python", "ctp", front, LD_LIBRARY_PATH=str(folder)), "6.7.13")


def test_by_environment_openctp(front: str) -> None:
    found = sim.libraries("6.7.11")
    paths = ":".join(str(path) for path in (found.md, found.trader, found.locale))
    check(tour("openctp-ctp", "openctp_ctp", front, LD_PRELOAD=paths), "6.7.11")


@pytest.mark.parametrize("way", ["preload", "environment"])
@pytest.mark.parametrize(
    ("package", "script", "version"),
    [("vnpy_ctp", "vnpy_tour.py", "6.7.11"), ("ctpwrapper", "wrapper_tour.py", "6.7.13")],
)
def test_clients_built_from_source(package: str, script: str, version: str, way: str, front: str) -> None:
    found = sim.libraries(version)
    command = [str(python(package)), *(by_preload(version) if way == "preload" else []), str(HERE / script), front]
    # vnpy_ctp wants the locale as well.
    variables = {"LD_LIBRARY_PATH": str(found.folder), "LD_PRELOAD": str(found.locale)}
    saw = seen(run(command, **(variables if way == "environment" else {})))
    assert saw["version"].startswith(f"v{version}_CTPSIM_")
    assert (saw["canceled"], saw["replayed"], saw["refused"]) == ("已撤单", "已撤单", "CTP:找不到合约")
    assert (saw["name"], saw["traded"], saw["position"], saw["reason"]) == ("螺纹钢2701", 1, 1, 0x2001)


#: Values that cannot be the same: two sessions have two numbers and two times.
OWN = {"SessionID", "FrontID", "LoginTime", "SHFETime", "DCETime", "CZCETime", "FFEXTime", "INETime", "GFEXTime", "ConfirmTime"}


def test_our_dictionaries_are_those_of_vnpy_ctp(front: str) -> None:
    saw = seen(run([str(python("vnpy_ctp")), *by_preload("6.7.11"), str(HERE / "dicts.py"), front]))
    assert saw["ticks"] > 0
    different = [(where, theirs, ours) for where, theirs, ours in saw["different"] if where.split(".")[-1] not in OWN]
    assert different == []


def test_vnpy_ctps_own_gateway_runs_on_our_drop_in(front: str, tmp_path: Path) -> None:
    command = [str(python("vnpy_ctp")), str(HERE / "gateway.py"), "rb2701"]
    # vnpy writes into the user's folder; the gateway takes nothing but tcp:// for an address.
    saw = seen(run(command, HOME=str(tmp_path), CTP_SIM_FRONT=front))
    assert (saw["name"], saw["volume"], saw["status"]) == ("螺纹钢2701", 1, "All Traded")
    assert "交易服务器授权验证成功" in saw["logs"] and "结算信息确认成功" in saw["logs"]


@pytest.fixture
def site_packages(tmp_path: Path) -> Iterator[Path]:
    """A folder that goes before the environment's own packages."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def first(folder: Path) -> str:
    """Returns a search path of Python with a folder before all others."""
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


def copy_package(package: str, name: str, to: Path) -> None:
    (source,) = (FOREIGN / package / "lib").glob(f"python3*/site-packages/{name}")
    shutil.copytree(source, to / name)


def test_by_file_ctp_python(front: str, site_packages: Path) -> None:
    """A link in the package's folder under the name of the library that it brings."""
    copy_package("ctp-python", "ctp", site_packages)
    folder = sim.libraries("6.7.13").folder
    for name in ("libthostmduserapi_se.so", "libthosttraderapi_se.so"):
        (site_packages / "ctp" / name).unlink()
        (site_packages / "ctp" / name).symlink_to(folder / name)
    check(tour("ctp-python", "ctp", front, PYTHONPATH=first(site_packages)), "6.7.13")


def test_by_file_openctp(front: str, site_packages: Path) -> None:
    """Copies, the simulator beside them; where the system lacks the locale, its stand-in is preloaded."""
    for name in ("openctp_ctp", "openctp_ctp.libs"):
        copy_package("openctp-ctp", name, site_packages)
    found = sim.libraries("6.7.11")
    libraries = site_packages / "openctp_ctp.libs"
    for ours, pattern in ((found.md, "libthostmduserapi_se-*.so"), (found.trader, "libthosttraderapi_se-*.so")):
        (theirs,) = libraries.glob(pattern)
        shutil.copyfile(ours, theirs)
    shutil.copyfile(found.core, libraries / "libctp_sim.so")
    saw = tour(
        "openctp-ctp",
        "openctp_ctp",
        front,
        PYTHONPATH=first(site_packages),
        LD_PRELOAD=str(found.locale),
        # The package's own part of this test asks the same exchange for the forced disconnect.
        CTP_SIM_LIBRARY=str(libraries / "libctp_sim.so"),
    )
    check(saw, "6.7.11")


def test_without_the_stand_in_openctp_aborts() -> None:
    """What the locale is for: the package as it is, on a system without zh_CN.GB18030."""
    done = run([str(python("openctp-ctp")), "-c", "from openctp_ctp import tdapi"])
    assert done.returncode < 0 and "name not valid" in done.stderr


@each_client
def test_a_locale_of_the_system_goes_first(package: str, module: str, version: str, front: str, tmp_path: Path) -> None:
    """Where localedef and its sources are, the client's own way works as well; elsewhere this says nothing."""
    folder = tmp_path / "private"
    folder.mkdir()
    made = run(["localedef", "-i", "zh_CN", "-f", "GB18030", str(folder / "zh_CN.GB18030")])
    if made.returncode != 0:
        assert "cannot" in made.stderr or "No such" in made.stderr or made.stderr, made
        return
    check(tour(package, module, front, before=by_preload(version), LOCPATH=str(folder)), version)


@each_client
def test_scripts_may_end_without_release(package: str, module: str, version: str, front: str) -> None:
    for _ in range(2):
        check(tour(package, module, front, "--no-release", before=by_preload(version)), version)


@each_client
def test_flow_folders_may_be_missing(package: str, module: str, version: str, front: str, tmp_path: Path) -> None:
    script = [str(HERE / "join.py"), module, front, str(tmp_path / "none" / "a_")]
    done = run([str(python(package)), *by_preload(version), *script])
    assert (done.returncode, done.stdout) == (0, "connected\njoined\n"), done.stdout + done.stderr
