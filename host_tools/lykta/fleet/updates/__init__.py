"""Updates of the firmware over the network: release keys, bundles, and rolling them out."""
