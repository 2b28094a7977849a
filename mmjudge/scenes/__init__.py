"""The generated benchmark: small scenes of facts, shown in several modalities, edited minimally."""
