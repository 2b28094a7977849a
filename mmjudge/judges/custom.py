"""Judges of a user's own: a class in a .py file, or an object made in Python."""

import hashlib
import inspect
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

from mmjudge.errors import JudgeError, MmjudgeError, unknown
from mmjudge.judges.base import (
    Judge,
    JudgeContext,
    LiftedScorer,
    Scorer,
    constructor_options,
    described,
    fingerprinted,
    lift,
)

NEEDED = (
    "a judge derives from mmjudge.judges.Judge and has judge(self, batch, media); "
    "a scorer has score(self, pairs, media)"
)
SECRET = ("key", "token", "secret", "password")
"""What is in the name of an attribute that is never read, hashed or stored."""

DIGITS = 16
"""Hexadecimal digits of a hash on a card."""


def open_file(path: Path, name: str, options: Mapping[str, Any], context: JudgeContext) -> Judge:
    """Make the judge that `path:name` asks for; running the file is what the user asked for.

    The sha256 of the file is the revision on the card, and so part of the fingerprint. A scorer
    becomes a judge of all three protocols.

    Args:
        path: A Python file.
        name: A class in it.
        options: Keywords of its constructor.
        context: What the judge may know.

    Raises:
        JudgeError: There is no such file or class, the class is no judge, the file does not
            import, or the judge cannot be made; the line is named.
    """
    content = _read(path)
    module = _imported(path, content)
    found = _judge_class(module, path, name)
    try:
        judge = _made(found, options, context)
    except MmjudgeError:
        raise
    except Exception as error:
        problem = _problem(path, error)
        raise JudgeError(f"{problem} (while {name} was made with options {options})") from error
    given = described(judge)
    revision = f"sha256:{hashlib.sha256(content).hexdigest()[:DIGITS]}"
    shown = f"{path.name}:{name}" if given.name == name else given.name
    whole = f"{given.revision} {revision}" if given.revision else revision
    judge.card = given.model_copy(update={"name": shown, "revision": whole})
    return judge


def as_judge(made: object) -> Judge:
    """A judge or scorer that was made in Python, ready to be asked.

    Where its card has no fingerprint, one is made from the file that defines its class and from
    the plain values that the object holds, so that another judge is another run.

    Raises:
        JudgeError: It is no judge.
    """
    if isinstance(made, type):
        raise JudgeError(f"judge {made.__name__}: is a class; pass an object: {made.__name__}()")
    scorer = made.scorer if isinstance(made, LiftedScorer) else made
    if isinstance(made, Judge | LiftedScorer):
        judge = cast(Judge, made)
    elif callable(getattr(made, "score", None)):
        judge = cast(Judge, lift(cast(Scorer, made)))
    else:
        raise JudgeError(f"judge: found a {type(made).__name__}; {NEEDED}")
    card = described(judge)
    if not card.fingerprint and not card.revision:
        digest = hashlib.sha256(_source(type(scorer)) + _state(scorer)).hexdigest()[:DIGITS]
        card = card.model_copy(update={"revision": f"sha256:{digest}"})
    judge.card = card
    return fingerprinted(judge)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        near = sorted(p.name for p in path.parent.glob("*.py")) if path.parent.is_dir() else []
        seen = f"; in that folder: {', '.join(near)}" if near else ""
        raise JudgeError(f"{path}: cannot be read: {error.strerror or error}{seen}") from error


def _imported(path: Path, content: bytes) -> ModuleType:
    """The file as a module; what runs are the very bytes that the revision names."""
    digest = hashlib.sha256(str(path.resolve()).encode() + b"\0" + content).hexdigest()
    name = f"mmjudge_file_{digest[:DIGITS]}"
    if name in sys.modules:
        return sys.modules[name]
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up there
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        problem = _problem(path, error)
        raise JudgeError(f"{problem}: the file does not import{_beside(path, error)}") from error
    return module


def _beside(path: Path, error: BaseException) -> str:
    wanted = error.name if isinstance(error, ModuleNotFoundError) else None
    if not wanted or not any(
        (path.parent / wanted.split(".")[0]).with_suffix(s).exists() for s in (".py", "")
    ):
        return ""
    return (
        f". {wanted} lies beside it, but a judge's file stands alone, since its sha256 is what "
        "tells one judge from another: put it all in one file, or install the module"
    )


def _problem(path: Path, error: BaseException) -> str:
    """File, line and error; the deepest line of the file itself."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines.append(error.lineno)
    at = f":{lines[-1]}" if lines else ""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{path}{at}: {type(error).__name__}: {said}"


def _judge_class(module: ModuleType, path: Path, name: str) -> type:
    own = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    }
    offered = [key for key, value in own.items() if _is_judge(value) or _is_scorer(value)]
    if not name:
        first = offered[0] if offered else "MyJudge"
        known = f" It has {', '.join(offered)}." if offered else f" It has none: {NEEDED}."
        raise JudgeError(f"{path}: which judge of it? Write {path.name}:{first}.{known}")
    found = getattr(module, name, None)
    if found is None:
        raise JudgeError(f"{path}: {unknown('judge', name, offered)}")
    if not isinstance(found, type):
        kind = type(found).__name__
        raise JudgeError(f"{path}: {name} is a {kind}, and a class is needed: {NEEDED}")
    where = f"{path}:{_line(found)}: {name}"
    if inspect.isabstract(found):
        missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        raise JudgeError(f"{where}: is incomplete, it lacks {missing}: {NEEDED}")
    if not _is_judge(found) and not _is_scorer(found):
        raise JudgeError(f"{where}: is neither a judge nor a scorer: {NEEDED}")
    return found


def _is_judge(found: type) -> bool:
    return issubclass(found, Judge)


def _is_scorer(found: type) -> bool:
    return callable(getattr(found, "score", None))


def _line(found: type) -> int:
    try:
        return inspect.getsourcelines(found)[1]
    except (OSError, TypeError):
        return 1


def _made(found: type, options: Mapping[str, Any], context: JudgeContext) -> Judge:
    if issubclass(found, Judge):
        return found.open("", options, context)
    taken = constructor_options(found, options)
    scorer = cast(Scorer, found(**taken))
    card = described(scorer)
    card = card.model_copy(update={"params": {**taken, **card.params}})
    return cast(Judge, lift(scorer, card))


def _source(kind: type) -> bytes:
    """What defines a class: its file, or where there is none the code of its methods."""
    try:
        return Path(inspect.getfile(kind)).read_bytes()
    except (OSError, TypeError):
        methods = [(name, getattr(value, "__code__", None)) for name, value in vars(kind).items()]
        facts = [(name, *_code(code)) for name, code in methods if code is not None]
        return repr(facts).encode()


def _code(code: CodeType) -> Iterator[object]:
    yield code.co_code
    yield code.co_names
    for constant in code.co_consts:
        yield tuple(_code(constant)) if isinstance(constant, CodeType) else repr(constant)


def _state(made: object) -> bytes:
    """The plain values that an object holds; what is no plain value is known by its type."""
    held = {
        name: value
        for name, value in getattr(made, "__dict__", {}).items()
        if not any(word in name.lower() for word in SECRET) and name != "card"
    }
    return repr((_plain(held), described(made).model_dump_json())).encode()


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | float | Path):
        return value
    if isinstance(value, Mapping):
        return sorted((str(key), repr(_plain(one))) for key, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        members = [repr(_plain(one)) for one in value]
        return members if isinstance(value, list | tuple) else sorted(members)
    return type(value).__qualname__
