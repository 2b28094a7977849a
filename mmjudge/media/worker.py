"""The process that decodes: `python -m mmjudge.media.worker FD MEMORY`, told what by a socket.

A message is two lengths of 8 bytes, a JSON header and raw bytes. A request has a list of jobs; the
answer has a header for each job, and what was decoded one after the other. Whatever a decoder does
to its process, it does to this one.
"""

import json
import resource
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmjudge.media.image import MediaError, decode_image
from mmjudge.media.source import check_file, locate, read_file

PREFIX = struct.Struct("<QQ")
Raw = bytes | memoryview


def main() -> None:
    """Answer requests until the other side hangs up."""
    descriptor, memory = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not RLIMIT_AS: it counts mapped libraries too, gigabytes of them once torch is loaded.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    _keep_memory()
    with socket.socket(fileno=descriptor) as channel:
        while prefix := channel.recv(PREFIX.size, socket.MSG_WAITALL):
            length, _ = PREFIX.unpack(prefix)
            request = json.loads(channel.recv(length, socket.MSG_WAITALL))
            # A process that hangs when nobody is left to end it ends itself.
            signal.alarm(int(request["limit_s"]) + 5)
            answers = [answer(job, request) for job in request["jobs"]]
            header = json.dumps([head for head, _ in answers]).encode()
            size = sum(len(raw) for _, raw in answers)
            channel.sendall(PREFIX.pack(len(header), size) + header)
            for _, raw in answers:
                channel.sendall(raw)
            signal.alarm(0)


def _keep_memory() -> None:
    """Let Pillow reuse the memory of pictures that are done, 64 MB at most.

    Fresh pages from the system cost a quarter of what it takes to decode a small picture.
    """
    from PIL import _imaging

    _imaging.set_block_size(256 * 1024)
    _imaging.set_blocks_max(256)


def answer(job: dict[str, Any], request: dict[str, Any]) -> tuple[dict[str, Any], Raw]:
    """Header and raw bytes of one decoded medium, or a header that says what is wrong with it."""
    try:
        root = Path(request["root"]) if request["root"] else None
        path = Path(job["path"]) if job["path"] else locate(job["uri"], root)
        if job["modality"] == "image":
            return _image(path, job, request)
        check_file(path, job["uri"], job["sha256"])
        return (_video if job["modality"] == "video" else _audio)(path, job, request)
    except MediaError as error:
        return {"error": str(error)}, b""
    except MemoryError:
        return {"error": f"{job['uri']}: takes more memory than decoding may have"}, b""
    except Exception as error:  # noqa: BLE001 (a decoder's own error is that of its file)
        return {"error": f"{job['uri']}: {type(error).__name__}: {error}"}, b""


def _image(path: Path, job: dict[str, Any], request: dict[str, Any]) -> tuple[dict[str, Any], Raw]:
    content = read_file(path, job["uri"], job["sha256"])
    image = decode_image(content, job["uri"], request["sampling"]["max_side"])
    return {"size": image.size, "n": image.width * image.height * 3}, image.tobytes()


def _video(path: Path, job: dict[str, Any], request: dict[str, Any]) -> tuple[dict[str, Any], Raw]:
    from mmjudge.media.video import decode_video
    from mmjudge.types import Sampling

    sampling = Sampling.model_validate(request["sampling"])
    video = decode_video(path, job["uri"], sampling, request["threads"])
    head = {"shape": video.frames.shape, "facts": video[1:], "n": video.frames.nbytes}
    return head, _flat(video.frames)


def _audio(path: Path, job: dict[str, Any], request: dict[str, Any]) -> tuple[dict[str, Any], Raw]:
    from mmjudge.media.audio import decode_audio
    from mmjudge.types import Sampling

    clip = decode_audio(path, job["uri"], Sampling.model_validate(request["sampling"]))
    return {"rate": clip.rate, "n": clip.samples.nbytes}, _flat(clip.samples)


def _flat(array: Any) -> memoryview:
    return memoryview(array).cast("B")


def jobs_message(header: dict[str, Any]) -> bytes:
    """A request as it goes over the socket."""
    content = json.dumps(header).encode()
    return PREFIX.pack(len(content), 0) + content


def split(heads: Sequence[dict[str, Any]], raw: memoryview) -> list[tuple[dict[str, Any], Any]]:
    """Each header of an answer with its own part of the raw bytes."""
    parts, at = [], 0
    for head in heads:
        size = head.get("n", 0)
        parts.append((head, raw[at : at + size]))
        at += size
    return parts


if __name__ == "__main__":
    main()
