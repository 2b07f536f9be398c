"""Views of the addon."""
