"""The journey of README's first command: four participants, two products, everything checked, three forgeries."""
