"""Chat models of transformers: loading, prompts, generation, probabilities of options."""
