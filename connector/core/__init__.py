"""What every service stands on, and how a service is begun, driven and ended."""
