"""Views, actions and menus of sales."""
