"""Where the simulator's libraries lie."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ctp_py.sim._errors import LibraryError, UnknownVersion

#: The exchange itself, which every library of every version shares.
CORE = "libctp_sim.so"

#: Lets clients decode Chinese that ask the C++ library for the locale zh_CN.GB18030 where the system has none.
LOCALE = "libctp_sim_locale.so"

_FOLDER = re.compile(r"(?:(?P<family>se|mini|sopt)-)?(?P<version>v?\d+(?:\.\d+)+)(?:_.*)?")


@dataclass(frozen=True)
class Libraries:
    """The libraries that stand for those of one version."""

    #: `se-6.7.13`.
    label: str
    #: The folder of both, which also holds them under the names with `lib`, for `LD_LIBRARY_PATH`.
    folder: Path
    #: `thostmduserapi_se.so`.
    md: Path
    #: `thosttraderapi_se.so`.
    trader: Path
    #: `libctp_sim.so`.
    core: Path
    #: What `LD_PRELOAD` needs besides, for clients that want a locale for Chinese; `None` when it is not installed.
    locale: Path | None


def versions() -> list[str]:
    """Returns the versions that there are, newest first: `["se-6.7.13", "se-6.7.11", …]`.

    Raises:
        LibraryError: the simulator is not where it is looked for.
    """
    root = _root()
    found = [entry.name for entry in root.iterdir() if _FOLDER.fullmatch(entry.name) and entry.is_dir()]
    return sorted(found, key=_order)


def libraries(version: str) -> Libraries:
    """Returns the libraries of a version such as `6.7.11`, `v6.7.11`, `se-6.7.11` or `mini-1.7.7`.

    What `GetApiVersion()` of the vendor's library says is taken as well: `v6.7.11_20250617 16:22:00.10369`.

    Raises:
        UnknownVersion: there is none; the message says which there are.
        LibraryError: the simulator is not where it is looked for, or not complete.
    """
    asked = _FOLDER.fullmatch(version.strip())
    known = versions()
    number = asked["version"].lstrip("v") if asked else ""
    labels = [f"{asked['family']}-{number}"] if asked and asked["family"] else []
    label = next((label for label in [*labels, f"se-{number}"] if label in known), None)
    if label is None or (labels and label not in labels):
        there_are = ", ".join(known)
        raise UnknownVersion(f"no library of version {version!r} comes with the simulator; there are: {there_are}")
    root = _root()
    folder = root / label
    return Libraries(
        label=label,
        folder=folder,
        md=_facade(folder, "*mduserapi*.so"),
        trader=_facade(folder, "*traderapi*.so"),
        core=core(),
        locale=root / LOCALE if (root / LOCALE).is_file() else None,
    )


def core() -> Path:
    """Returns the path of the exchange's library, as the versions' libraries find it.

    Raises:
        LibraryError: it is not there.
    """
    chosen = os.environ.get("CTP_SIM_LIBRARY")
    path = Path(chosen) if chosen else _root() / CORE
    if not path.is_file():
        hint = "CTP_SIM_LIBRARY names it: correct or unset it" if chosen else "reinstall ctp-py"
        raise LibraryError(f"no such library: {path}; {hint}")
    return path.resolve()


def _root() -> Path:
    """Returns the folder of the libraries: `CTP_SIM_DIR`, else the package's own."""
    chosen = os.environ.get("CTP_SIM_DIR")
    root = Path(chosen) if chosen else Path(__file__).resolve().parents[1] / "_sim"
    if not root.is_dir():
        hint = "CTP_SIM_DIR names it: correct or unset it"
        if not chosen:
            hint = "reinstall ctp-py, or let CTP_SIM_DIR name the simulator's folder"
        raise LibraryError(f"no such folder of simulator libraries: {root}; {hint}")
    return root.resolve()


def _facade(folder: Path, pattern: str) -> Path:
    found = sorted(path for path in folder.glob(pattern) if not path.name.startswith("lib"))
    if not found:
        raise LibraryError(f"no {pattern} in {folder}: the simulator is not complete; reinstall ctp-py")
    return found[0]


def _order(label: str) -> tuple[int, list[int]]:
    family, _, version = label.partition("-")
    families = ["se", "mini", "sopt"]
    return families.index(family), [-int(number) for number in version.split(".")]
