"""Our own addons, each a package with a manifest. They come through the same entry point group as a partner's: `colca.addons`."""
