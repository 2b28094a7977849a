"""What is elsewhere: the cache of the Hub, and the web behind its guard."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmjudge.media import MediaError
from mmjudge.media.source import fetch
from mmjudge.media.urls import Rules, download, is_public
from tests.media.made import jpeg


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.org/a.png",
        "ftp://example.org/a.png",
        "file:///etc/passwd",
        "data://text/plain,x",
        "https://example.org/a.png",
        "hf://datasets/owner/name/a.png",
        "hf://models/owner/name@main/a.png",
    ],
)
def test_nothing_remote_is_asked_unless_it_is_allowed_and_named_in_full(uri: str, tmp_path: Path):
    with pytest.raises(MediaError):
        fetch(uri, tmp_path, allow_urls=False)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1", "169.254.169.254", "[::1]", "0.0.0.0"],
)
def test_no_address_that_is_not_public_is_asked(host: str, tmp_path: Path):
    with pytest.raises(MediaError, match="is not a public address"):
        fetch(f"https://{host}:1/a.png", tmp_path, allow_urls=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "fe80::1",
        "fc00::1",
        "::",
    ],
)
def test_an_address_of_no_public_use_is_known(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("path", ["/small", "/moved"])
def test_what_is_allowed_is_fetched(path: str, site: tuple[str, Rules], tmp_path: Path):
    download(site[0] + path, tmp_path / "a", site[1])
    assert (tmp_path / "a").read_bytes() == b"small"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/inside", "10.0.0.1 is not a public address"),
        ("/plain", "only plain https"),
        ("/file", "only plain https"),
        ("/loop", "redirections"),
        ("/endless", "more than 1048576 bytes"),
        ("/slow", "longer than 1.5 s"),
        ("/short", "IncompleteRead|5 of 50 bytes"),
        ("/none", "answered 404"),
    ],
)
def test_what_is_not_allowed_leaves_nothing(
    path: str, problem: str, site: tuple[str, Rules], tmp_path: Path
):
    with pytest.raises(MediaError, match=problem):
        download(site[0] + path, tmp_path / "a", site[1])
    assert not (tmp_path / "a").exists()


def test_a_certificate_that_nobody_vouches_for_is_refused(site: tuple[str, Rules], tmp_path: Path):
    with pytest.raises(MediaError, match="CERTIFICATE_VERIFY_FAILED"):
        download(site[0] + "/small", tmp_path / "a", site[1]._replace(context=None))


def test_a_file_of_the_hub_is_read_from_its_cache(tmp_path: Path):
    commit = "0123456789" * 4
    repo = tmp_path / "hub" / "datasets--owner--name"
    (repo / "snapshots" / commit / "img").mkdir(parents=True)
    jpeg(repo / "snapshots" / commit / "img" / "a.jpg")
    script = f"""
from pathlib import Path
from mmjudge.media import MediaError, Loader, gather
from tests.media.test_loader import medium, wish
loader = Loader(None, 1)
for name in ("a.jpg", "b.jpg"):
    media = medium(f"hf://datasets/owner/name@{commit}/img/{{name}}")
    found = gather(loader.submit([wish(media)]))[media]
    print(type(found).__name__, getattr(found, "size", ""))
loader.close()
print((Path({str(repo)!r}) / "snapshots" / {commit!r} / "img" / "a.jpg").exists())
"""
    places = {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **places},
    )
    assert done.stdout.splitlines() == ["Image (64, 64)", "MediaError ", "True"]
