"""How grave a finding is: records contradict each other or a rule, or something could not be shown."""

from __future__ import annotations

ERROR, WARNING = "error", "warning"
