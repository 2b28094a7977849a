"""The process that decodes: `python -m mmjudge.media.worker FD FD MEMORY`, told what by a socket.

A message is a length of 8 bytes and a JSON header. A request has a list of jobs, and the blocks of
shared memory that its owner is done with; the answer has a header for each job that was done: where
in shared memory the decoded medium lies. Whatever a decoder does to its process, it does to this.
"""

import json
import resource
import signal
import socket
import struct
import sys
from functools import partial
from pathlib import Path
from typing import Any

from mmjudge.media.arena import Arena
from mmjudge.media.changes import file_modality, sampling_of
from mmjudge.media.image import MediaError, UnchangedError, decode_image
from mmjudge.media.kept import ROOM, Kept
from mmjudge.media.source import check_file, locate, read_file

PREFIX = struct.Struct("<Q")
Raw = bytes | memoryview


def main() -> None:
    """Answer requests until the other side hangs up."""
    descriptor, shared, memory = map(int, sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not RLIMIT_AS: it counts mapped libraries too, gigabytes of them once torch is loaded.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    _keep_memory()
    arena, kept = Arena(shared), Kept(min(ROOM, memory // 16))
    with socket.socket(fileno=descriptor) as channel:
        while prefix := channel.recv(PREFIX.size, socket.MSG_WAITALL):
            (length,) = PREFIX.unpack(prefix)
            request = json.loads(channel.recv(length, socket.MSG_WAITALL))
            # A process that hangs when nobody is left to end it ends itself.
            signal.alarm(int(request["limit_s"]) + 5)
            arena.take_back(request["returned"])
            channel.sendall(message(answers(request, arena, kept)))
            signal.alarm(0)


def message(header: Any) -> bytes:
    """A header as it goes over the socket."""
    content = json.dumps(header).encode()
    return PREFIX.pack(len(content)) + content


def _keep_memory() -> None:
    """Let Pillow reuse the memory of pictures that are done, 64 MB at most.

    Fresh pages from the system cost a quarter of what it takes to decode a small picture.
    """
    from PIL import _imaging

    _imaging.set_block_size(256 * 1024)
    _imaging.set_blocks_max(256)


def answers(request: dict[str, Any], arena: Arena, kept: Kept) -> list[dict[str, Any]]:
    """Headers of the jobs, from the first to that which fills the room: one or more."""
    heads: list[dict[str, Any]] = []
    room = request["room"]
    changed = {_file(job) for job in request["jobs"] if job.get("changes")}
    for job in request["jobs"]:
        heads.append(answer(job, request, arena, kept if _file(job) in changed else None))
        room -= heads[-1].get("place", (0,))[-1]
        if room <= 0:
            break
    return heads


def _file(job: dict[str, Any]) -> tuple[Any, ...]:
    return file_modality(job["modality"], job.get("changes", ())), job["uri"], job["sha256"]


def answer(
    job: dict[str, Any], request: dict[str, Any], arena: Arena, kept: Kept | None
) -> dict[str, Any]:
    """Header of one decoded medium, or one that says what is wrong with it.

    What is wanted in changed forms too is taken from what is `kept`; other media never are.
    """
    try:
        root = Path(request["root"]) if request["root"] else None
        path = Path(job["path"]) if job["path"] else locate(job["uri"], root)
        changes = job.get("changes", ())
        sampling = sampling_of(changes, request["sampling"])
        decode = _DECODE[file_modality(job["modality"], changes)]
        seen = partial(decode, path, job, request | {"sampling": sampling})
        decoded = seen() if kept is None else kept.value(path, job, sampling, seen)
        head, raw = _PACKED[job["modality"]](decoded)
        return head | {"place": arena.put(raw)}
    except MediaError as error:
        return {"error": str(error), "unchanged": isinstance(error, UnchangedError)}
    except MemoryError:
        if kept is not None:
            kept.cache.clear()
        return {"error": f"{job['uri']}: takes more memory than decoding may have"}
    except Exception as error:  # noqa: BLE001 (a decoder's own error is that of its file)
        return {"error": f"{job['uri']}: {type(error).__name__}: {error}"}


def _image(path: Path, job: dict[str, Any], request: dict[str, Any]) -> Any:
    content = read_file(path, job["uri"], job["sha256"])
    return decode_image(content, job["uri"], request["sampling"]["max_side"])


def _video(path: Path, job: dict[str, Any], request: dict[str, Any]) -> Any:
    from mmjudge.media.video import decode_video
    from mmjudge.types import Sampling

    check_file(path, job["uri"], job["sha256"])
    sampling = Sampling.model_validate(request["sampling"])
    return decode_video(path, job["uri"], sampling, request["threads"])


def _audio(path: Path, job: dict[str, Any], request: dict[str, Any]) -> Any:
    from mmjudge.media.audio import decode_audio
    from mmjudge.types import Sampling

    check_file(path, job["uri"], job["sha256"])
    return decode_audio(path, job["uri"], Sampling.model_validate(request["sampling"]))


def _packed_image(image: Any) -> tuple[dict[str, Any], Raw]:
    # Four bytes a pixel is how Pillow itself keeps RGB: the other side uses them as they are.
    return {"size": image.size}, image.tobytes("raw", "RGBX")


def _packed_video(video: Any) -> tuple[dict[str, Any], Raw]:
    return {"shape": video.frames.shape, "facts": video[1:]}, _flat(video.frames)


def _packed_audio(clip: Any) -> tuple[dict[str, Any], Raw]:
    return {"rate": clip.rate}, _flat(clip.samples)


def _flat(array: Any) -> memoryview:
    return memoryview(array).cast("B")


_DECODE = {"image": _image, "video": _video, "audio": _audio}
_PACKED = {"image": _packed_image, "video": _packed_video, "audio": _packed_audio}

if __name__ == "__main__":
    main()
