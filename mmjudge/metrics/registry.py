"""The table of measures: what each takes, its range, and where it comes from.

A measure is a row of this table; nothing else in the suite branches on its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias

from mmjudge.metrics import (
    agreement,
    bias,
    calibration,
    checklist,
    correlation,
    criteria,
    fairness,
    gaps,
    modality,
    own,
    position,
    presentation,
    ranking,
    steps,
    systems,
)
from mmjudge.metrics.weighted import Value

Protocol: TypeAlias = Literal["pair", "score", "rank", "checklist", "steps", "any"]
Kind: TypeAlias = Literal[
    "agreement",
    "position",
    "modality",
    "presentation",
    "bias",
    "criteria",
    "ceiling",
    "fairness",
    "systems",
    "own",
    "calibration",
    "coherence",
]
Direction: TypeAlias = Literal["higher", "lower", "zero", "half"]
Setting: TypeAlias = str | int | float


@dataclass(frozen=True)
class Param:
    """A parameter of a measure.

    Attributes:
        default: Value when the name does not say.
        allowed: The values it takes; empty for any number of the default's type from `lowest` on.
        lowest: Smallest number, where `allowed` is empty.
        highest: Largest number, where `allowed` is empty.
    """

    default: Setting
    allowed: tuple[Setting, ...] = ()
    lowest: float = 0
    highest: float = float("inf")


@dataclass(frozen=True)
class Spec:
    """What the suite knows of a measure.

    Attributes:
        name: What it is called in a task, a report, on the command line.
        fn: fn(*columns, weights=..., **params).
        columns: Names of the columns that `fn` takes, in order.
        protocol: What is judged; "any" fits all. Those of scores are of checklists, too.
        kind: What it measures.
        summary: What it says, in one line.
        direction: What is good: "higher", "lower", "zero" or "half" (0.5, no preference).
        bounds: Lowest and highest value.
        params: Its parameters by name.
        cutoff: Parameter that may follow the name after "@".
        same_scale: Whether judge and people must use one scale; it means nothing for a scorer.
        centred: Whether it compares rows with each other, so that a row drawn twice is a pair of
            equals and resamples have to be moved back to the value.
        reference: Where the definition comes from.
    """

    name: str
    fn: Callable[..., Value]
    columns: tuple[str, ...]
    protocol: Protocol
    kind: Kind
    summary: str
    direction: Direction = "higher"
    bounds: tuple[float, float] = (0.0, 1.0)
    params: Mapping[str, Param] = field(default_factory=dict)
    cutoff: str | None = None
    same_scale: bool = False
    centred: bool = False
    reference: str = ""

    @property
    def by_item(self) -> bool:
        """Whether a row is only part of what it weighs, so rows of an item need one weight."""
        return "item" in self.columns


def fits(of: Protocol, protocol: str) -> bool:
    """Whether a measure of one protocol is one of another: a checklist comes to a score.

    Example:
        >>> fits("score", "checklist"), fits("any", "steps"), fits("checklist", "score")
        (True, True, False)
    """
    return of in ("any", protocol) or (of == "score" and protocol == "checklist")


PAIR = ("gold", "verdict")
QUESTIONS = ("gold_answer", "answer")
STEP = ("gold_step", "step")
RANK = ("gold_ranks", "ranks")
OWN = (*PAIR, "own")
GROUPED = (*PAIR, "group")
BUNDLED = ("item", *PAIR)
ORDERS = ("given", "swapped")
SWAPPED = ("shown", "exchanged")
PRESENTED = ("one_given", "one_swapped", "other_given", "other_swapped")
PROBED = ("gold", "plain", "probed")
CUED = ("moved", "cued")
CONFIDENT = ("right", "confidence")
SIGNED = (-1.0, 1.0)
POINTS = (0.0, float("inf"))
ANY = (-float("inf"), float("inf"))
HALF = partial(agreement.accuracy, ties="half")
CLASSES = Param(3, (3, 4))
LABEL = Param("macro", ("macro", "first", "second", "tie"))
SHOWN = Param("same", ("same", "crossed"))
AVERAGE = Param("groups", ("groups", "items"))
TYPES = Param("together", ("together", "apart"))
CORRECT = Param("left_out", ("left_out", "class"))
MULTI_CRIT = "Xiong et al. 2025, Multi-Crit, arXiv 2511.21662"
CALM = "Ye et al. 2024, Justice or Prejudice? (CALM), arXiv 2410.02736"
PROJUDGE = "Ai et al. 2025, ProJudge, arXiv 2503.06553"
MJ_BENCH = "Chen et al. 2024, MJ-Bench, arXiv 2407.04842"

# fmt: off
AGREEMENT = (
    Spec("accuracy", agreement.accuracy, PAIR, "pair", "agreement",
         "share of pairs decided as people did",
         params={"ties": Param("strict", ("strict", "half", "wrong")), "classes": CLASSES}),
    Spec("kappa", agreement.kappa, PAIR, "pair", "agreement",
         "agreement beyond chance, each rater with its own marginal",
         bounds=SIGNED, params={"classes": CLASSES}, reference="Cohen 1960"),
    Spec("scott_pi", agreement.scott_pi, PAIR, "pair", "agreement",
         "agreement beyond chance, both raters with the pooled marginal",
         bounds=SIGNED, params={"classes": CLASSES}, reference="Scott 1955"),
    Spec("alpha", agreement.alpha, PAIR, "pair", "agreement",
         "Krippendorff's nominal alpha, failures missing",
         bounds=SIGNED, params={"classes": CLASSES}, reference="Krippendorff 2011"),
    Spec("precision", agreement.precision, PAIR, "pair", "agreement",
         "of the verdicts for a class, the share that is right", params={"label": LABEL}),
    Spec("recall", agreement.recall, PAIR, "pair", "agreement",
         "of the pairs of a class, the share that is found", params={"label": LABEL}),
    Spec("f1", agreement.f1, PAIR, "pair", "agreement",
         "harmonic mean of precision and recall", params={"label": LABEL}),
    Spec("balanced_accuracy", agreement.balanced_accuracy, PAIR, "pair", "agreement",
         "mean recall over the classes in gold"),
    Spec("consistent_accuracy", agreement.consistent_accuracy, ("gold", "given", "swapped"),
         "pair", "agreement", "share of pairs decided rightly in both orders"),
)

SCORES = (
    Spec("pearson", correlation.pearson, PAIR, "score", "agreement",
         "linear correlation of the scores", bounds=SIGNED),
    Spec("spearman", correlation.spearman, PAIR, "score", "agreement",
         "correlation of the mid-ranks", bounds=SIGNED),
    Spec("tau_b", correlation.tau_b, PAIR, "score", "agreement",
         "concordant less discordant pairs of items, corrected for ties",
         bounds=SIGNED, reference="Kendall 1945"),
    Spec("within_pearson", correlation.within_pearson, GROUPED, "score", "agreement",
         "mean over groups of Pearson within each", bounds=SIGNED),
    Spec("within_spearman", correlation.within_spearman, GROUPED, "score", "agreement",
         "mean over groups of Spearman within each", bounds=SIGNED),
    Spec("within_tau_b", correlation.within_tau_b, GROUPED, "score", "agreement",
         "mean over groups of tau-b within each", bounds=SIGNED),
    Spec("quadratic_kappa", correlation.quadratic_kappa, PAIR, "score", "agreement",
         "agreement beyond chance, errors squared", bounds=SIGNED, same_scale=True,
         reference="Cohen 1968"),
    Spec("mae", correlation.mae, PAIR, "score", "agreement",
         "mean absolute error, in points", "lower", POINTS, same_scale=True),
    Spec("rmse", correlation.rmse, PAIR, "score", "agreement",
         "root mean squared error, in points", "lower", POINTS, same_scale=True),
    Spec("mean_error", correlation.mean_error, PAIR, "score", "agreement",
         "leniency: judge minus people, in points", "zero", ANY, same_scale=True),
)

RANKS = (
    Spec("levenshtein", ranking.levenshtein, RANK, "rank", "agreement",
         "edit distance of the orders over their length", "lower",
         reference="Chen et al. 2024, MLLM-as-a-Judge, arXiv 2402.04788"),
    Spec("rank_tau_b", ranking.rank_tau_b, RANK, "rank", "agreement",
         "mean over items of tau-b between the rankings", bounds=SIGNED),
    Spec("footrule", ranking.footrule, RANK, "rank", "agreement",
         "Spearman's footrule over its maximum", "lower", reference="Diaconis and Graham 1977"),
    Spec("ndcg", ranking.ndcg, RANK, "rank", "agreement",
         "discounted gain of the first k places over that of gold",
         params={"k": Param(0)}, cutoff="k", reference="Jarvelin and Kekalainen 2002"),
    Spec("top1", ranking.top1, RANK, "rank", "agreement",
         "share of items whose best candidate comes first"),
    Spec("pairwise_agreement", ranking.pairwise_agreement, RANK, "rank", "agreement",
         "share of the candidate pairs ordered as people do"),
)

CHECKLISTS = (
    Spec("question_accuracy", checklist.question_accuracy, QUESTIONS, "checklist", "agreement",
         "share of questions answered as people did"),
    Spec("question_kappa", checklist.question_kappa, QUESTIONS, "checklist", "agreement",
         "agreement on the questions beyond chance", bounds=SIGNED, reference="Cohen 1960"),
    Spec("incoherence", checklist.incoherence, ("as_wanted", "parents_met"), "checklist",
         "coherence", "of the questions whose parents the judge finds not met, the share that it "
         "answers as if they were", "lower",
         reference="Cho et al. 2024, Davidsonian Scene Graph, arXiv 2310.18235"),
)

STEPS = (
    Spec("step_accuracy", steps.step_accuracy, STEP, "steps", "agreement",
         "share of steps found right or wrong as people did", params={"types": TYPES},
         reference=PROJUDGE),
    Spec("step_kappa", steps.step_kappa, STEP, "steps", "agreement",
         "agreement on the steps beyond chance", bounds=SIGNED, params={"types": TYPES},
         reference="Cohen 1960"),
    Spec("error_accuracy", steps.error_accuracy, STEP, "steps", "agreement",
         "of the wrong steps, the share whose type of error is found", reference=PROJUDGE),
    Spec("error_macro_f1", steps.error_macro_f1, STEP, "steps", "agreement",
         "mean over the types of error of precision and recall in one", params={"correct": CORRECT},
         reference=PROJUDGE),
    Spec("first_wrong_accuracy", steps.first_wrong_accuracy, PAIR, "steps", "agreement",
         "share of solutions whose first wrong step is found, or that there is none"),
    Spec("first_wrong_f1", steps.first_wrong_f1, PAIR, "steps", "agreement",
         "harmonic mean of that over solutions with an error and without",
         reference="Zheng et al. 2024, ProcessBench, arXiv 2412.06559"),
)

CRITERIA = (
    Spec("pluralistic_accuracy", criteria.pluralistic_accuracy, BUNDLED, "pair", "criteria",
         "share of items right on every criterion", reference=MULTI_CRIT),
    Spec("tradeoff_sensitivity", criteria.tradeoff_sensitivity, BUNDLED, "pair", "criteria",
         "of the items with a conflict, the share where the judge sees one",
         reference=MULTI_CRIT),
    Spec("conflict_matching_rate", criteria.conflict_matching_rate, BUNDLED, "pair", "criteria",
         "of the conflicting pairs of criteria, the share with both right",
         reference=MULTI_CRIT),
    Spec("halo", criteria.halo, ("item", "criterion", *PAIR), "score", "criteria",
         "correlation of two criteria in the judge's scores less that in people's",
         "zero", (-2.0, 2.0)),
)

POSITION = (
    Spec("flip_rate", position.flip_rate, ORDERS, "pair", "position",
         "share of verdicts that change with the order", "lower"),
    Spec("consistency", position.consistency, ORDERS, "pair", "position",
         "of the pairs decided in both orders, the share that is consistent",
         params={"share": Param("consistent", ("consistent", "prefers_first", "prefers_second"))},
         reference="AudioJudge, arXiv 2507.12705"),
    Spec("first_slot_share", position.first_slot_share, ("slot",), "pair", "position",
         "share of decisive verdicts for the slot shown first", "half"),
    Spec("position_bias", position.position_bias, (*PAIR, "gold_slot"), "pair", "position",
         "accuracy with gold shown first minus with gold shown second", "zero", SIGNED),
    Spec("top_slot", position.top_slot, ("ranks", "slots"), "rank", "position",
         "mean slot of the top-ranked candidate, 0 first to 1 last", "half"),
    Spec("slot_tau_b", position.slot_tau_b, ("ranks", "slots"), "rank", "position",
         "mean over items of tau-b between slot and rank", "zero", SIGNED),
)

MODALITY = (
    Spec("swap_flip_rate", modality.swap_flip_rate, SWAPPED, "pair", "modality",
         "share of verdicts that change when the content is shown in another modality", "lower"),
    Spec("swap_gap", modality.swap_gap, ("gold", *SWAPPED), "pair", "modality",
         "accuracy as shown minus with the same content in another modality", "zero", SIGNED),
    Spec("understanding_gap", modality.understanding_gap, (*PAIR, "media_side"), "pair",
         "modality", "accuracy with media in the prompt minus with media in the candidates",
         "zero", SIGNED),
    Spec("modality_preference", modality.modality_preference, (*PAIR, "medium"), "pair",
         "modality", "of the decisive verdicts on equal candidates, the share for the medium "
         "over the text", "half"),
    Spec("modality_preference_log_odds", modality.modality_preference_log_odds,
         (*PAIR, "medium"), "pair", "modality",
         "log-odds of the medium over the text among equal candidates", "zero", ANY),
    Spec("modality_gap", modality.modality_gap, (*PAIR, "here"), "pair", "modality",
         "accuracy in a modality minus accuracy in the others", "zero", SIGNED),
    Spec("tau_b_gap", gaps.tau_b_gap, (*PAIR, "here"), "score", "modality",
         "tau-b in a modality minus tau-b in the others", "zero", (-2.0, 2.0)),
    Spec("offset_gap", gaps.offset_gap, (*PAIR, "here"), "score", "modality",
         "leniency in a modality minus leniency in the others, in points", "zero", ANY,
         same_scale=True),
    Spec("rank_tau_b_gap", gaps.rank_tau_b_gap, (*RANK, "here"), "rank", "modality",
         "mean tau-b in a modality minus mean tau-b in the others", "zero", (-2.0, 2.0)),
    Spec("offset_spread", modality.offset_spread, (*PAIR, "modality"), "score", "modality",
         "spread over modalities of judge minus people, in points", "lower", POINTS,
         same_scale=True),
    Spec("criteria_consistency", modality.criteria_consistency,
         (*PAIR, "criterion", "modality"), "pair", "criteria",
         "rank correlation over criteria of the accuracies in two modalities", bounds=SIGNED),
)

BIAS = (
    Spec("robustness", bias.robustness, ("moved",), "any", "bias",
         "share of verdicts that a change leaves as they are", reference=CALM),
    Spec("baseline", bias.robustness, ("moved_again",), "any", "bias",
         "share of verdicts that stay when the same is asked again", reference=CALM),
    Spec("robustness_gap", bias.robustness_gap, ("moved", "moved_again"), "any", "bias",
         "robustness minus its baseline", "zero", SIGNED),
    Spec("cue_shift", bias.cue_shift, CUED, "any", "bias",
         "share of verdicts moved towards what the change speaks for, less those moved away",
         "zero", SIGNED, params={"share": Param("net", ("net", "towards", "away"))}),
    Spec("cue_shift_worse", bias.cue_shift, ("moved", "cued_worse"), "any", "bias",
         "the same where the cue stands on the candidate that people like less", "zero", SIGNED),
    Spec("cue_shift_better", bias.cue_shift, ("moved", "cued_better"), "any", "bias",
         "the same where the cue stands on the candidate that people prefer", "zero", SIGNED),
    Spec("cue_log_odds", bias.cue_log_odds, CUED, "any", "bias",
         "log-odds that the change adds to what it speaks for", "zero", ANY,
         reference="McNemar 1947"),
    Spec("broken", bias.broken, ("moved",), "any", "bias",
         "share of requests whose verdict cannot be had in the changed form", "lower"),
    Spec("cue_preference", bias.cue_preference, ("chosen",), "pair", "bias",
         "of the decisive verdicts in the changed form, those for what it speaks for", "half"),
    Spec("cue_preference_log_odds", bias.cue_preference_log_odds, ("chosen",), "pair", "bias",
         "the same as log-odds", "zero", ANY),
    Spec("score_shift", bias.score_shift, ("plain", "probed", "cue"), "score", "bias",
         "mean change of the score in the direction of the cue, in points", "zero", ANY),
    Spec("accuracy_lost", modality.swap_gap, PROBED, "pair", "bias",
         "accuracy asked plainly minus in the changed form", "zero", SIGNED),
    Spec("accuracy_plain", HALF, ("gold", "plain"), "pair", "bias",
         "accuracy(ties=half) asked plainly"),
    Spec("accuracy_probed", HALF, ("gold", "probed"), "pair", "bias",
         "accuracy(ties=half) in the changed form"),
    Spec("tau_b_lost", bias.tau_b_lost, PROBED, "score", "bias",
         "tau-b asked plainly minus in the changed form", "zero", (-2.0, 2.0)),
    Spec("step_accuracy_lost", bias.step_accuracy_lost, ("plain_share", "probed_share"), "steps",
         "bias", "share of the steps of a solution found as people did, asked plainly minus in the "
         "changed form", "zero", SIGNED),
    Spec("rank_tau_b_lost", bias.rank_tau_b_lost,
         ("gold_ranks", "plain_ranks", "probed_ranks"), "rank", "bias",
         "mean tau-b asked plainly minus in the changed form", "zero", (-2.0, 2.0)),
)

PRESENTATION = (
    Spec("presentation_flip_rate", presentation.presentation_flip_rate, PRESENTED, "pair",
         "presentation", "share of verdicts that change between two presentations", "lower",
         params={"shown": SHOWN}),
    Spec("order_baseline", presentation.order_baseline, PRESENTED, "pair", "presentation",
         "share of verdicts that change with the order alone, in the same presentations", "lower"),
    Spec("presentation_excess", presentation.presentation_excess, PRESENTED, "pair",
         "presentation", "flips between two presentations less those of the order alone", "zero",
         SIGNED, params={"shown": SHOWN}),
)

FAIRNESS = (
    Spec("acc", fairness.acc, ("verdict", "group"), "score", "fairness",
         "share of the pairs of a group with nearly equal scores",
         params={"average": AVERAGE, "within": Param(0.1)}, same_scale=True, centred=True,
         reference=MJ_BENCH),
    Spec("nds", fairness.nds, ("verdict", "group"), "score", "fairness",
         "1 - sigma / mu of the scores of a group", bounds=ANY,
         params={"average": AVERAGE}, same_scale=True, centred=True, reference=MJ_BENCH),
    Spec("ges", fairness.ges, ("verdict", "group"), "score", "fairness",
         "1 - Gini of the scores of a group", params={"average": AVERAGE}, same_scale=True,
         centred=True, reference=MJ_BENCH),
)

SYSTEMS = (
    Spec("system_tau", systems.system_tau, (*PAIR, "system"), "score", "systems",
         "tau-b of the systems as ranked by judge and people", bounds=SIGNED,
         params={"score": Param("mean", ("mean", "median"))}),
    Spec("system_pair_tau", systems.system_pair_tau, (*PAIR, "system_first", "system_second"),
         "pair", "systems", "tau-b of the systems as ranked by preferences of judge and people",
         bounds=SIGNED, params={"score": Param("win_rate", ("win_rate", "bradley_terry"))}),
)

OWN_FAMILY = (
    Spec("self_preference", own.self_preference, OWN, "pair", "own",
         "accuracy where people prefer the judge's own minus where they prefer the other",
         "zero", SIGNED, reference="Wataoka et al. 2024, arXiv 2410.21819"),
    Spec("self_preference_share", own.self_preference_share, OWN, "pair", "own",
         "share of decided pairs given to the judge's own minus the share that people give it",
         "zero", SIGNED),
    Spec("self_preference_ties", own.self_preference_ties, OWN, "pair", "own",
         "of the decisive verdicts on pairs of equal gold, the share for the judge's own", "half"),
)

CALIBRATION = (
    Spec("brier", calibration.brier, CONFIDENT, "any", "calibration",
         "mean squared difference of confidence and outcome", "lower"),
    Spec("ece", calibration.ece, CONFIDENT, "any", "calibration",
         "mean gap between confidence and accuracy over bins", "lower",
         params={"bins": Param(10, lowest=1)}, reference="Guo et al. 2017"),
    Spec("auroc", calibration.auroc, CONFIDENT, "any", "calibration",
         "chance that a right verdict has more confidence than a wrong one"),
    Spec("selective_accuracy", calibration.selective_accuracy, CONFIDENT, "any", "calibration",
         "accuracy over the share of verdicts with the most confidence",
         params={"coverage": Param(0.8, lowest=0.01, highest=1.0)},
         reference="El-Yaniv and Wiener 2010"),
    Spec("aurc", calibration.aurc, CONFIDENT, "any", "calibration",
         "mean share of wrong verdicts over all coverages, the most confident kept first",
         "lower", reference="Geifman et al. 2019, arXiv 1805.08206"),
)
# fmt: on

TABLES = (
    AGREEMENT,
    SCORES,
    RANKS,
    CHECKLISTS,
    STEPS,
    CRITERIA,
    POSITION,
    MODALITY,
    PRESENTATION,
    BIAS,
    FAIRNESS,
    SYSTEMS,
    OWN_FAMILY,
    CALIBRATION,
)
SPECS: Mapping[str, Spec] = {spec.name: spec for table in TABLES for spec in table}
