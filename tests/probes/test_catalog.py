"""A word that stands for probes never stands for none."""

import pytest

from mmjudge.errors import MmjudgeError
from mmjudge.probes import catalog
from mmjudge.registry import Registry


@pytest.mark.parametrize("word", [catalog.ALL, *catalog.PRESETS])
def test_an_installation_without_probes_is_refused(monkeypatch, word):
    monkeypatch.setattr(catalog, "registry", lambda group: Registry(group, {}))
    with pytest.raises(MmjudgeError, match=f"probes '{word}': none is installed; install mmjudge"):
        catalog.choose(word)
