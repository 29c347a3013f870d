"""The texts of a figure, with their boxes."""

import itertools

from matplotlib.text import Text

from analysis.figures.catalogue import figure, overview


def draw(run, name):
    """Draw a figure of the catalogue, or the overview, to the last text."""
    canvas = overview(run) if name == "overview" else figure(run, name)
    canvas.draw_without_rendering()
    return canvas


def texts_of(canvas):
    """All texts that are drawn, with their boxes in pixels; the line of an annotation is none."""
    axes = [axis for ax in canvas.axes if ax.axison for axis in (ax.xaxis, ax.yaxis)]
    visible = {tick.label1 for axis in axes for tick in axis._update_ticks()}
    ticks = {tick.label1 for ax in canvas.axes for tick in ax.xaxis.get_major_ticks()}
    ticks |= {tick.label1 for ax in canvas.axes for tick in ax.yaxis.get_major_ticks()}
    texts = [text for text in canvas.findobj(Text) if text.get_visible() and text.get_text()]
    texts = [text for text in texts if text in visible or text not in ticks]
    return [(text.get_text(), Text.get_window_extent(text)) for text in texts]


def words_of(canvas):
    """The texts alone."""
    return [text for text, _ in texts_of(canvas)]


def areas_shared(canvas):
    """Pairs of texts that cover one another."""
    for (first, box), (second, second_box) in itertools.combinations(texts_of(canvas), 2):
        common = box.intersection(box, second_box)
        if common is not None and common.width > 1 and common.height > 1:
            yield first, second
