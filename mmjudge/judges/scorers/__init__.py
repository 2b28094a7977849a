"""Judges that give each candidate a number: open_clip, dual encoders, classification heads."""
