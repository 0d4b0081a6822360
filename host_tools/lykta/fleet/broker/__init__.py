"""The broker of a network: who is let in, what they may do there, and one to run on this machine."""
