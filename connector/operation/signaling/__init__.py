"""Data Plane Signaling 1.0-RC3: a data plane that control planes of any make drive (decision 0177)."""
