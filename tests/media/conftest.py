"""What the tests of media share: a web site on this machine."""

from collections.abc import Iterator

import pytest

from mmjudge.media.urls import Rules


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Rules]]:
    """Its address, and rules that take this machine for a public one."""
    from tests.media.site import serving

    with serving(tmp_path_factory.mktemp("tls")) as found:
        yield found
