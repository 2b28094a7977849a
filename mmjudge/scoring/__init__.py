"""From a stored run to figures: rows joined with gold, measures, biases, judges side by side."""
