"""The web page on which lighting engineers see a street, tune it, and watch it; `lykta studio` opens it."""
