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
from pathlib import Path
from typing import Any

from mmjudge.media.arena import Arena
from mmjudge.media.image import MediaError, decode_image
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
    arena = Arena(shared)
    with socket.socket(fileno=descriptor) as channel:
        while prefix := channel.recv(PREFIX.size, socket.MSG_WAITALL):
            (length,) = PREFIX.unpack(prefix)
            request = json.loads(channel.recv(length, socket.MSG_WAITALL))
            # A process that hangs when nobody is left to end it ends itself.
            signal.alarm(int(request["limit_s"]) + 5)
            arena.take_back(request["returned"])
            channel.sendall(message(answers(request, arena)))
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


def answers(request: dict[str, Any], arena: Arena) -> list[dict[str, Any]]:
    """Headers of the jobs, from the first to that which fills the room: one or more."""
    heads: list[dict[str, Any]] = []
    room = request["room"]
    for job in request["jobs"]:
        heads.append(answer(job, request, arena))
        room -= heads[-1].get("place", (0,))[-1]
        if room <= 0:
            break
    return heads


def answer(job: dict[str, Any], request: dict[str, Any], arena: Arena) -> dict[str, Any]:
    """Header of one decoded medium, or one that says what is wrong with it."""
    try:
        root = Path(request["root"]) if request["root"] else None
        path = Path(job["path"]) if job["path"] else locate(job["uri"], root)
        head, raw = _DECODERS[job["modality"]](path, job, request)
        return head | {"place": arena.put(raw)}
    except MediaError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"{job['uri']}: takes more memory than decoding may have"}
    except Exception as error:  # noqa: BLE001 (a decoder's own error is that of its file)
        return {"error": f"{job['uri']}: {type(error).__name__}: {error}"}


def _image(path: Path, job: dict[str, Any], request: dict[str, Any]) -> tuple[dict[str, Any], Raw]:
    content = read_file(path, job["uri"], job["sha256"])
    image = decode_image(content, job["uri"], request["sampling"]["max_side"])
    # Four bytes a pixel is how Pillow itself keeps RGB: the other side uses them as they are.
    return {"size": image.size}, image.tobytes("raw", "RGBX")


def _video(path: Path, job: dict[str, Any], request: dict[str, Any]) -> tuple[dict[str, Any], Raw]:
    from mmjudge.media.video import decode_video
    from mmjudge.types import Sampling

    check_file(path, job["uri"], job["sha256"])
    sampling = Sampling.model_validate(request["sampling"])
    video = decode_video(path, job["uri"], sampling, request["threads"])
    return {"shape": video.frames.shape, "facts": video[1:]}, _flat(video.frames)


def _audio(path: Path, job: dict[str, Any], request: dict[str, Any]) -> tuple[dict[str, Any], Raw]:
    from mmjudge.media.audio import decode_audio
    from mmjudge.types import Sampling

    check_file(path, job["uri"], job["sha256"])
    clip = decode_audio(path, job["uri"], Sampling.model_validate(request["sampling"]))
    return {"rate": clip.rate}, _flat(clip.samples)


def _flat(array: Any) -> memoryview:
    return memoryview(array).cast("B")


_DECODERS = {"image": _image, "video": _video, "audio": _audio}

if __name__ == "__main__":
    main()
