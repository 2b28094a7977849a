"""Values of options as a person writes them; a mistake names the option and what it takes."""

from collections.abc import Sequence
from typing import Any

from mmjudge.errors import MmjudgeError


def key_values(option: str, words: Sequence[str]) -> dict[str, str]:
    """Read `key=value` words.

    Raises:
        MmjudgeError: A word has no key, or two have the same one.

    Example:
        >>> key_values("--where", ["modality=text->image"])
        {'modality': 'text->image'}
    """
    pairs: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise MmjudgeError(f"{option}: key=value is needed, found {word!r}")
        if key in pairs:
            raise MmjudgeError(f"{option}: {key!r} is given twice")
        pairs[key] = value
    return pairs


def typed_values(option: str, words: Sequence[str]) -> dict[str, Any]:
    """Read `key=value` words, each value typed as YAML would.

    Example:
        >>> typed_values("-J", ["seed=7", "greedy=true", "revision='7'", "value=tie"])
        {'seed': 7, 'greedy': True, 'revision': '7', 'value': 'tie'}
    """
    return {key: _scalar(option, key, value) for key, value in key_values(option, words).items()}


def _scalar(option: str, key: str, text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise MmjudgeError(f"{option}: {key}: not a YAML value: {text!r}: {problem}") from error


def share(option: str, text: str) -> float:
    """Read a share, written as a percentage or as a number from 0 to 1.

    Raises:
        MmjudgeError: It is neither.

    Example:
        >>> share("--max-failures", "5%"), share("--max-failures", "0.05")
        (0.05, 0.05)
    """
    percent = text.strip().endswith("%")
    try:
        value = float(text.strip().removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise MmjudgeError(f"{option}: 0% to 100%, or 0 to 1, is needed, found {text!r}")
    return value
