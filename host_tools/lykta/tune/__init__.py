"""Many nights beside each other: schemes compared, profiles tuned and explained, on one core, all cores or a cluster."""
