"""The acts of the management interface, each declared once."""
