"""The drawings of a picture: shorter than Vega's, and the same."""

from __future__ import annotations

from urllib.parse import quote

import altair as alt
import vl_convert

from llmwatch.widgets._lean import as_image, lean

# How much two images differ, of 255: the mean over all pixels.
DIFFERENCE = """
async addresses => {
  const shown = await Promise.all(addresses.map(async src => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    const brush = new OffscreenCanvas(604, 312).getContext('2d');
    brush.drawImage(image, 0, 0, 604, 604 * image.naturalHeight / image.naturalWidth);
    return brush.getImageData(0, 0, 604, 312).data;
  }));
  return shown[0].reduce((sum, value, at) => sum + Math.abs(value - shown[1][at]), 0) / shown[0].length;
}
"""


def test_a_chart_of_a_picture_is_short_and_the_same(page):
    """What is left out of Vega's drawing is not seen: of every kind of mark there is, and the axes."""
    made = {"values": [{"x": x, "y": 1 + x * x % 7, "c": "ab"[x % 2]} for x in range(40)]}
    base = alt.Chart(made).encode(x="x:Q", y="y:Q", color="c:N")
    whole_ = vl_convert.vegalite_to_svg(
        (base.mark_point(filled=True, opacity=0.85) + base.mark_point(shape="cross")
         + base.mark_point() + base.mark_bar(opacity=0.2) + base.mark_line(strokeDash=[5, 4])
         + base.mark_area(opacity=0.1) + base.mark_rule()).to_dict()
    )  # fmt: skip
    short = lean(whole_)
    assert len(short) < 0.6 * len(whole_)
    addresses = [f"data:image/svg+xml,{quote(whole_)}", as_image(short, "#000")]
    assert 0 < page.evaluate(DIFFERENCE, addresses) < 0.4  # rounding, of 255
    assert len(addresses[1]) < 1.2 * len(short)
