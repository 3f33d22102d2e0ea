"""Contrast of two colours, as the WCAG defines it."""

import numpy as np
from matplotlib.colors import to_rgb


def luminance(colour):
    """Relative luminance in [0, 1] of a colour of sRGB."""
    channels = np.array(to_rgb(colour))
    linear = np.where(
        channels <= 0.04045,
        channels / 12.92,
        ((channels + 0.055) / 1.055) ** 2.4,
    )
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """Ratio in [1, 21] of the luminances, each raised by 0.05."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)
