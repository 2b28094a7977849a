"""The table library of the site: DataTables with jQuery, as the itables package carries them."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from mmjudge.errors import MissingExtraError, MmjudgeError

_EXPORTED = re.compile(r"export\{([^{}]*)\};?")
_LICENCES = re.compile(r"/\*! Bundled license information:(.*)\*/", re.S)


def table_library() -> tuple[str, str]:
    """The library's script, and the licences of what it bundles.

    It is an ECMAScript module, which browsers do not load from a file: its end is changed so that a
    plain script element can load it, as `globalThis.DataTable`.

    Raises:
        MissingExtraError: itables is not installed.
        MmjudgeError: The installed version is built in another way.
    """
    try:
        package = distribution("itables")
    except PackageNotFoundError as error:
        raise MissingExtraError("the leaderboard's table", "itables", "site") from error
    path = Path(str(package.locate_file("itables/html/dt_bundle.js")))
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    exported = _EXPORTED.findall(source)
    names = re.search(r"([\w$]+) as default", exported[-1]) if len(exported) == 1 else None
    bundled = _LICENCES.search(source)
    if names is None or bundled is None:
        raise MmjudgeError(
            f"{path}: itables {package.version} exports no table as this version knows it; "
            "install the version of requirements.lock"
        )
    script = _EXPORTED.sub("", source)
    classic = f"(()=>{{{script}\nglobalThis.DataTable={names[1]};}})();\n"
    return classic, _licences(package, bundled[1])


def _licences(package: Distribution, bundled: str) -> str:
    """What the bundle says of its parts, and the licence that all of them share."""
    found = [path for path in package.files or () if path.name == "LICENSE"]
    own = found[0].read_text(encoding="utf-8") if found else "MIT"
    notices = "\n".join(text.rstrip() for text in bundled.strip("\n").splitlines())
    return (
        f"library.js is the script of the Python package itables {package.version}, whose\n"
        "licence is below. It bundles the following, under the same licence but where it says\n"
        "otherwise:\n\n"
        f"{notices}\n\n{own}"
    )
