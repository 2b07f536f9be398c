"""Pictures in the sizes clients ask for."""

from __future__ import annotations

from io import BytesIO


def fit(data: bytes | None, size: int) -> bytes | None:
    """The picture scaled down to fit in a square of `size` pixels; unchanged when it fits or is no raster image (SVG)."""
    if not data:
        return data
    from PIL import Image, UnidentifiedImageError  # a slow import that most requests never need

    try:
        image = Image.open(BytesIO(data))
        if max(image.size) <= size:
            return data
        kind = image.format or "PNG"
        image.thumbnail((size, size))
        out = BytesIO()
        image.save(out, format=kind)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return data
    return out.getvalue()
