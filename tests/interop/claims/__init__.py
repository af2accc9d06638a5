"""The official kit of the Decentralized Claims Protocol against real participants."""
