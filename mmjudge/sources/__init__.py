"""Where tasks come from: folders, mapped and plain Hub datasets, GitHub, the rows of others."""
