"""One board on a cable: flash, provision, test, record."""
