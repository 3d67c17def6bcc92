"""Layer 4, the community development entity: profit, goals, certificates, impact, wealth."""
