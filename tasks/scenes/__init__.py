"""Scenes: the embedded pack, cut by what a judge must take; or any other pack, with `--data`."""

from collections.abc import Iterator
from pathlib import Path

from mmjudge.assets import PACK, embedded
from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.scenes.questions import spec
from mmjudge.sources.folder import unsafe_media
from mmjudge.sources.rows import read_rows
from mmjudge.task import BadItem, Task
from mmjudge.types import Item, Modality, ProtocolName, Record, TaskCard, TaskSpec


class Part(Record):
    """What a YAML file here says of a task; questions and measures are those of every pack.

    `criteria` are those asked of pairs beside overall.
    """

    protocols: tuple[ProtocolName, ...]
    modalities: tuple[Modality, ...]
    criteria: tuple[str, ...]
    card: TaskCard


def _spec(family: str) -> TaskSpec:
    part = read_card(Path(__file__).with_name(f"{family}.yaml"), Part)
    whole = spec(f"scenes_{family}", part.protocols, part.modalities, part.criteria)
    return whole.model_copy(update={"card": part.card})


class Scenes(Task):
    """The items of a pack whose stratum `family` is that of the task.

    Args:
        data: A pack; the embedded one if left out.
    """

    family: str

    def __init__(self, data: Path | None = None) -> None:
        super().__init__(embedded(PACK) if data is None else data)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the items of the family in the order of the pack.

        Raises:
            TaskError: There is no pack, or it has no such items.
        """
        path = self._file(protocol)
        found: set[str] = set()
        for item in read_rows(path, Item):
            if isinstance(item, BadItem):
                yield item
                continue
            family = item.strata.get("family", "none")
            found.add(family)
            if family != self.family:
                continue
            problem = unsafe_media(item)
            where = f"{path}: item {item.id}"
            yield BadItem(id=item.id, where=where, problem=problem) if problem else item
        if self.family not in found:
            raise TaskError(
                f"{path}: no item is of the family {self.family}, found {', '.join(sorted(found))}"
                f"; task {self.spec.name} needs a pack with some: {self.spec.card.source}"
            )

    def _file(self, protocol: ProtocolName) -> Path:
        need = f"task {self.spec.name} needs a pack, as made by: {self.spec.card.source}"
        if self.data is None:
            raise TaskError(f"no pack is installed with mmjudge; {need}, passed as data")
        path = self.data / f"items.{protocol}.jsonl"
        if not path.is_file():
            raise TaskError(f"{path}: missing; {need}")
        return path


class ScenesImage(Scenes):
    """Images, and strips of frames."""

    family = "image"
    spec = _spec(family)


class ScenesVideo(Scenes):
    """Videos."""

    family = "video"
    spec = _spec(family)


class ScenesAudio(Scenes):
    """Sounds."""

    family = "audio"
    spec = _spec(family)


class ScenesText(Scenes):
    """Captions, transcripts and written scores: what images, videos and sounds show, in words."""

    family = "text"
    spec = _spec(family)


class ScenesMixed(Scenes):
    """Pairs of a medium and a text."""

    family = "mixed"
    spec = _spec(family)
