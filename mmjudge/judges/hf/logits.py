"""Verdicts from probabilities: all questions of an item in one pass over prompt and media."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from mmjudge.judges.base import NO_WORDINGS, MediaMap, Wordings
from mmjudge.judges.hf.chat import Chat, ChatForm, Tokens
from mmjudge.judges.hf.options import OptionTokens, Query, option_tokens
from mmjudge.judges.hf.packing import Branch, Tree, common
from mmjudge.judges.hf.passes import Passes, Read
from mmjudge.judges.hf.questions import Asking, Shares, asking
from mmjudge.protocols import on_own_scale, render_parts
from mmjudge.types import Part, Parts, Reply, Request

FORM = "Each question of the form is answered in its own line.\n\n"
"""What precedes the questions where they stand in one form (`share=causal`)."""


@dataclass
class _Ask:
    """A request on its way through the rounds."""

    material: Parts
    rounds: Asking
    queries: list[Query] = field(default_factory=list)
    reply: Reply | None = None
    tokens_in: int = 0

    def go_on(self, shares: list[Shares] | None) -> None:
        """Take the answers of a round, if there was one, and set the queries of the next."""
        try:
            self.queries = next(self.rounds) if shares is None else self.rounds.send(shares)
        except StopIteration as end:
            self.queries, self.reply = [], end.value


@dataclass
class _Planned:
    """The queries of an item in one tree: which branches answer which query."""

    tree: Tree
    options: list[OptionTokens]
    counts: list[int]
    lengths: list[int]

    def answers(self, reads: Sequence[Read]) -> list[Shares]:
        """The probabilities of each query's options."""
        out, start = [], 0
        for options, count in zip(self.options, self.counts, strict=True):
            out.append(options.probabilities(reads[start : start + count]))
            start += count
        return out


Wanted = Mapping[Parts, Collection[Query]]
"""The queries of a round, under the material that they are about."""

Answers = dict[tuple[Parts, Query], tuple[Shares, int]]
"""To each query about some material: the probabilities of its options, and the tokens read."""


class Rounds(ABC):
    """Reads verdicts from the probabilities of the tokens that would state them.

    Args:
        chat: The model's chat.
        ranking: How a ranking is asked, one of `RANKINGS`.
        wordings: How it is asked, where it has a form of its own.
    """

    in_form = False
    """Whether the questions of a round stand in one form."""

    def __init__(self, chat: ChatForm, ranking: str, wordings: Wordings = NO_WORDINGS) -> None:
        self.form, self.ranking, self.wordings = chat, ranking, wordings
        self._options: dict[tuple[str, tuple[str, ...], str], OptionTokens] = {}

    def answer(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """One reply a request; those of an item share a pass, equal ones share the answer."""
        begun = perf_counter()
        asks = [self._ask(request) for request in batch]
        for ask in asks:
            ask.go_on(None)
        while open_asks := [ask for ask in asks if ask.queries]:
            self._round(open_asks, media)
        latency = (perf_counter() - begun) / max(len(batch), 1)
        return [
            (ask.reply or Reply()).model_copy(
                update={"tokens_in": ask.tokens_in, "tokens_out": 0, "latency_s": latency}
            )
            for ask in asks
        ]

    def _ask(self, request: Request) -> _Ask:
        wording = self.wordings.get(request.protocol)
        request = on_own_scale(request, wording)
        material = render_parts(request, reasons=False, wording=wording).material
        return _Ask(material, asking(request, self.ranking, wording, form=self.in_form))

    def _round(self, asks: Sequence[_Ask], media: MediaMap) -> None:
        wanted: dict[Parts, dict[Query, None]] = {}
        for ask in asks:
            wanted.setdefault(ask.material, {}).update(dict.fromkeys(ask.queries))
        answers = self._answers(wanted, media)
        for ask in asks:
            found = [answers[ask.material, query] for query in ask.queries]
            ask.tokens_in += sum(length for _, length in found)
            ask.go_on([shares for shares, _ in found])

    @abstractmethod
    def _answers(self, wanted: Wanted, media: MediaMap) -> Answers:
        """Put the queries of a round to the model."""

    def _tokens_of(self, query: Query) -> OptionTokens:
        key = (query.anchor, query.options, query.closing)
        if key not in self._options:
            self._options[key] = option_tokens(self.form, query)
        return self._options[key]


class Logits(Rounds):
    """Rounds whose questions about an item share a forward pass.

    Args:
        chat: The model.
        passes: How its passes are shared.
        ranking: How a ranking is asked, one of `RANKINGS`.
        wordings: How it is asked, where it has a form of its own.
    """

    def __init__(
        self, chat: Chat, passes: Passes, ranking: str, wordings: Wordings = NO_WORDINGS
    ) -> None:
        super().__init__(chat, ranking, wordings)
        self.chat, self.passes = chat, passes
        self.in_form = passes.share == "causal"

    def _answers(self, wanted: Wanted, media: MediaMap) -> Answers:
        plan = self._form if self.in_form else self._tree
        planned = [plan(material, list(queries), media) for material, queries in wanted.items()]
        reads = self.passes.read([one.tree for one in planned])
        answers: Answers = {}
        for (material, queries), one, read in zip(wanted.items(), planned, reads, strict=True):
            for query, shares, length in zip(queries, one.answers(read), one.lengths, strict=True):
                answers[material, query] = shares, length
        return answers

    def _tree(self, material: Parts, queries: list[Query], media: MediaMap) -> _Planned:
        """Each query as it would be asked alone; what all begin with is the tree's beginning."""
        asked = [with_question(material, query.question) for query in queries]
        conversations = [self.chat.conversation(parts, media) for parts in asked]
        rows = [self.chat.tokens(conversation) for conversation in conversations]
        shared = common(rows)
        options = [self._tokens_of(query) for query in queries]
        branches = [o.branches(row[shared:]) for o, row in zip(options, rows, strict=True)]
        lengths = [len(row) for row in rows]
        tree = Tree(
            conversations[0],
            rows[0][shared:],
            tuple(branch for some in branches for branch in some),
            shared + _weight(material),
        )
        return _Planned(tree, options, [len(some) for some in branches], lengths)

    def _form(self, material: Parts, queries: list[Query], media: MediaMap) -> _Planned:
        """One form in the judge's turn: a later question sees the earlier ones (YOFO)."""
        conversation = self.chat.conversation(with_question(material, FORM), media)
        beginning = self.chat.tokens(conversation)
        options = [self._tokens_of(query) for query in queries]
        branches: list[Branch] = []
        before: Tokens = ()
        for query, tokens in zip(queries, options, strict=True):
            line = before + self.chat.text(query.question + "\n") + tokens.lead
            branches.append(Branch(line))
            before = self.chat.text(query.closing + "\n\n")
        tree = Tree(conversation, (), tuple(branches), len(beginning) + _weight(material))
        lengths = [len(branch.ids) for branch in branches]
        return _Planned(tree, options, [1] * len(options), lengths)


def with_question(material: Parts, question: str) -> Parts:
    """The question after the material, in one text where that ends in text."""
    if material and isinstance(material[-1], str):
        return (*material[:-1], material[-1] + question)
    return (*material, question)


MEDIUM_TOKENS = 256
"""About what a medium adds to a row; only the order of the rows depends on it."""


def _weight(parts: Iterable[Part]) -> int:
    return MEDIUM_TOKENS * sum(not isinstance(part, str) for part in parts)
