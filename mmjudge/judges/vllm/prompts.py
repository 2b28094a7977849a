"""Prompts as vLLM takes them: token ids with one placeholder a medium, and the media beside them.

The ids come from the model's own chat template with control tokens sanitised, as for `hf:`. vLLM
itself puts the tokens of a medium where its placeholder stands.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mmjudge.judges.base import MediaMap
from mmjudge.judges.hf.chat import ChatForm, Tokens, video_metadata
from mmjudge.types import Media, Parts


class Prompt(NamedTuple):
    """One prompt: its ids, and its media by kind, in the order of their placeholders.

    `uuids` name the media: equal names are equal media, None leaves it to vLLM to compare pixels.
    """

    ids: Tokens
    data: Mapping[str, Sequence[Any]] = {}
    uuids: Mapping[str, Sequence[str | None]] = {}

    def goes_on(self, ids: Tokens) -> "Prompt":
        """The same prompt with more tokens at its end."""
        return self._replace(ids=self.ids + ids)

    def as_vllm(self) -> dict[str, Any]:
        """The prompt in the form of `vllm.inputs.TokensPrompt`."""
        prompt: dict[str, Any] = {"prompt_token_ids": list(self.ids)}
        if self.data:
            prompt["multi_modal_data"] = {kind: list(some) for kind, some in self.data.items()}
            prompt["multi_modal_uuids"] = {kind: list(some) for kind, some in self.uuids.items()}
        return prompt


def prompt_of(chat: ChatForm, parts: Parts, media: MediaMap) -> Prompt:
    """What is shown as a prompt: images as they are, videos and sounds with what dates them."""
    conversation = chat.conversation(parts, media)
    ids = chat.tokens(conversation)
    if chat.text_only:
        return Prompt(ids)
    shown = [one for turn in conversation for one in turn["content"] if one["type"] != "text"]
    named = [part for part in parts if isinstance(part, Media)]
    data: dict[str, list[Any]] = {}
    uuids: dict[str, list[str | None]] = {}
    for one, medium in zip(shown, named, strict=True):
        data.setdefault(medium.modality, []).append(_as_vllm(one, chat.sampling_rate))
        name = f"{medium.modality}:{medium.content}" if medium.sha256 else None
        uuids.setdefault(medium.modality, []).append(name)
    return Prompt(ids, data, uuids)


def _as_vllm(shown: Mapping[str, Any], rate: int) -> Any:
    match shown["type"]:
        case "video":
            about = video_metadata(shown["about"])
            about["duration"] = about["total_num_frames"] / about["fps"]
            # vLLM takes this key out before its processor sees the rest.
            return shown["video"], about | {"do_sample_frames": False}
        case "audio":
            return shown["audio"], rate
        case _:
            return shown["image"]


def neighbours(shown: Iterable[Parts]) -> list[Parts]:
    """Each distinct prompt once, ordered so that those which begin alike stand together.

    In the order of their text and media no other prompt has more in common with one than its
    neighbours do, so vLLM finds the beginning of the next in its cache.

    Example:
        >>> neighbours([("a cup",), ("b",), ("a cat",), ("b",)])
        [('a cat',), ('a cup',), ('b',)]
    """

    def key(parts: Parts) -> tuple[tuple[bool, str], ...]:
        return tuple(
            (False, part) if isinstance(part, str) else (True, f"{part.modality}:{part.content}")
            for part in parts
        )

    return sorted(dict.fromkeys(shown), key=key)


def same_text(sent: Sequence[int], read: Sequence[int], control: Collection[int]) -> bool:
    """Whether every plain token that was sent stands in what was read, in order.

    vLLM puts tokens of media in place of placeholders. Where it does not find a placeholder as a
    token it decodes the prompt, edits the text and encodes it again, and what a stranger spelled
    becomes a control token. The plain tokens that spelled it are then gone.

    Args:
        sent: The ids of a prompt.
        read: The ids that the engine says it read.
        control: Ids of control tokens and placeholders, which are not compared.

    Example:
        >>> same_text([1, 90, 2, 3], [1, 91, 91, 91, 2, 3], {90, 91})
        True
        >>> same_text([1, 90, 2, 3], [1, 91, 91, 91, 95], {90, 91, 95})
        False
    """
    rest = iter(read)
    return all(token in rest for token in sent if token not in control)
