"""HematoVision: the composition root. It wires the apps together and owns no domain code."""
