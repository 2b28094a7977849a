"""What the names of badges, flags, kinds and directions mean, in words for the site's readers."""

KINDS = {
    "overall": "Overall",
    "task": "Tasks",
    "hidden": "Tasks with hidden gold",
    "criterion": "Criteria",
    "modality": "Modalities",
    "bias": "Biases",
    "failure": "Failures",
    "cost": "Cost",
}
"""Kinds of columns in the order of the page, each with its heading."""

ONE_OF = {
    "overall": "overall",
    "task": "task",
    "hidden": "hidden gold",
    "criterion": "criterion",
    "modality": "modality",
    "bias": "bias",
    "failure": "failures",
    "cost": "cost",
}

BADGES = {
    "recomputed": "Every figure was computed again from the raw replies, by this version.",
    "run by us": "Those who keep this board ran the judge themselves.",
    "self-run": "The submitter ran the judge; its replies are taken as given.",
    "recorded": "Its replies or verdicts were published by others, and are taken from there.",
    "partial": "Not all tasks of the board were asked, or not all of their items.",
    "aggregates": "Only figures are kept here: they were computed where the verdicts are.",
}

FLAGS = {
    "constant verdicts": "It gives nearly always the same verdict, as one does that never looks.",
    "no order noise": "Shown the candidates in another order it never once changed its mind. "
    "Models nearly always do, now and then; a table of answers does not.",
    "above the human ceiling": "It agrees with the gold more than people agree with each other: "
    "rarely skill, often items that were known before.",
    "nearly perfect": "It is nearly never wrong, and nobody knows how often people are.",
    "many failures": "More than one judgment in 20 failed. A correlation is over the others alone.",
    "missing usage": "Most replies do not say how many tokens or how much time they took, so its "
    "cost is not known.",
    "partial": "Only a part of the items was asked.",
    "looks answers up": "Its card says that it finds its answers by item, and does not judge.",
    "unknown prompt": "It was asked in words that this version does not know.",
    "its own grammar": "Its replies are read by rules of its own.",
    "contaminated": "By its makers' own word it was trained on items of this board.",
    "training data unknown": "Nobody says what it was trained on, so it may have seen these items.",
    "its own fingerprint": "Its fingerprint is not made from its card, which may be another's.",
    "verdicts of another entry": "Its verdicts are nearly those of another entry.",
    "replies of another entry": "Its replies are, word for word, those of another entry.",
    "near-copy name": "Its name looks like that of another's entry.",
}
"""What a flag means; who raised it counts in the detail beside it."""

DIRECTIONS = {
    "higher": "higher is better",
    "lower": "lower is better",
    "zero": "nearest to {ideal} is best",
    "none": "no value is better than another",
}

KNOWN = {
    "all": "All of its training data is known, its makers say.",
    "part": "A part of its training data is known, its makers say.",
    "none": "Nothing is known of its training data.",
}

STATES = {
    "best": "nobody is certainly better",
    "chance": "its interval holds chance",
    "below": "below chance",
    "biased": "its interval leaves out the value of no bias",
    "none": "undefined",
}
"""What a cell's look says in words."""
