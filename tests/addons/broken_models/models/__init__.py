raise RuntimeError("models of no use")
