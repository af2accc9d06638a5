"""Keys of identity that lie in a hardware module and sign there."""
