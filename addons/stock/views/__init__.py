"""Views, actions and menus of the warehouse."""
