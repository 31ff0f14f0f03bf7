"""Google Colab: a panel is shown only by the leave that comes with it."""

from __future__ import annotations

from tests.magic.kernel import kernel

VIEW = "application/vnd.jupyter.widget-view+json"
# As in Colab: the leave is given once, and told to what its own thread displays from then on.
COLAB = """
import sys, types
output = types.ModuleType("google.colab.output")
output._widgets = types.SimpleNamespace(_installed_url=None)
def enable_custom_widget_manager():
    output._widgets._installed_url = "https://colab/manager.js"
output.enable_custom_widget_manager = enable_custom_widget_manager
sys.modules["google.colab.output"] = output
"""


def test_the_panel_comes_with_the_leave_to_show_it(tmp_path):
    """Also where an alert was there first, whose button was made on a thread of its own."""
    with kernel(tmp_path) as k:
        k.run(COLAB)
        k.run("import llmwatch")
        for line in ("llmwatch.dashboard('inline')", "llmwatch.dashboard()",
                     "from llmwatch.widgets import Panel\nPanel(llmwatch.session)"):  # fmt: skip
            shown = [each for each in k.run(line).of("display_data") if VIEW in each["data"]]
            (leave,) = [each["metadata"][VIEW]["colab"] for each in shown]
            assert leave == {"custom_widget_manager": {"url": "https://colab/manager.js"}}
