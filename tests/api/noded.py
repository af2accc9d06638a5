"""A space with a node: whose each connector is stands in its settings, but for one that says nothing."""

from __future__ import annotations

from typing import ClassVar

from contracts.legal_codes import credit_check
from tests.api.space import Space

# credit codes that are nobody's: registering department and region, what is told apart, the check character
SUBJECTS = {
    role: body + credit_check(body)
    for number, role in enumerate(("exchange", "node", "regulator", "provider", "buyer"), 1)
    for body in (f"91440000MA000000{number}",)
}


class Noded(Space):
    """Exchange, node, regulator, two providers of which one says no subject, and a buyer."""

    kinds: ClassVar = {
        "exchange": "exchange",
        "node": "node",
        "regulator": "regulator",
        "provider": "provider",
        "second": "provider",
        "buyer": "buyer",
    }

    region = "CN-GD"

    def prepare(self, roles, public=None):
        """Write settings that say whose each connector is, and where; the provider asks for memberships."""
        ports = super().prepare(roles, public)
        for role in roles:
            path = self.folder / role / "penstock.toml"
            told = path.read_text().replace('region = "US-NY"', f'region = "{self.region}"')
            if role == "provider":
                told = told.replace("asked = []", 'asked = ["MembershipCredential"]')
            path.write_text(told.replace('subject = ""', f'subject = "{SUBJECTS.get(role, "")}"'))
        return ports
