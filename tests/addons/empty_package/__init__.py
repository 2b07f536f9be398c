"""A package with nothing in it: home of addons whose definitions are given in the test."""
