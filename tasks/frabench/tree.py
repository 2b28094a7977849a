"""The aspect tree, as far as it is published: six roots, and what stands below each."""

from typing import Final

ROOTS: Final = {
    "Bias": ("Gender Bias", "Ethnic Bias", "Ethical Bias", "Regional Bias", "Cultural Bias"),
    "Toxicity": ("Harmfulness", "Privacy Violations"),
    "Readability": (
        "Coherence",
        "Clarity",
        "Text Repetition",
        "Sentence Complexity",
        "Vocabulary Complexity",
        "Fluency",
        "Grammaticality",
        "Spelling Accuracy",
        "Tense Consistency",
        "Structure Accuracy",
    ),
    "Image Quality": ("Fidelity", "Aesthetic"),
    "Image Coherence": (
        "Image Repetition",
        "Stylistic Consistency",
        "Semantic Consistency",
        "Character Consistency",
        "Action Consistency",
        "Scene Consistency",
    ),
    "Text-Image Relationship": (
        "Alignment",
        "Object Relationship",
        "Spatial Alignment",
        "Action Alignment",
        "Object Alignment",
        "Scene Alignment",
        "Comparison",
        "Negation",
        "Universal",
        "Advanced Alignment",
        "Count Alignment",
        "Attribute Alignment",
        "Color Alignment",
        "Shape Alignment",
        "Texture Alignment",
        "Complement",
        "Complementary Overlap",
        "Emotional Complement",
        "Comment Complement",
        "Contextual Complement",
    ),
}
"""Universal aspects by root. One file spells Ethnic Bias as Ethical Bias."""

SPECIFIC = "task-specific"

_ROOT = {name: root for root, names in ROOTS.items() for name in (root, *names)}


def root_of(aspect: str) -> str:
    """The root above an aspect; every aspect that is not universal is specific to a task.

    Example:
        >>> root_of("Fluency"), root_of("Bias"), root_of("Engagingness")
        ('Readability', 'Bias', 'task-specific')
    """
    return _ROOT.get(aspect, SPECIFIC)
