"""mmjudge: a benchmark suite for multimodal judges."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmjudge.api import Run, run
    from mmjudge.task import BadItem, Task

__version__ = "0.1.0"
__all__ = ["BadItem", "Run", "Task", "__version__", "run"]

_HOMES = {
    "run": "mmjudge.api",
    "Run": "mmjudge.api",
    "Task": "mmjudge.task",
    "BadItem": "mmjudge.task",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for: `import mmjudge` itself stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mmjudge' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
