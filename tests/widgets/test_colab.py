"""Google Colab: a panel is shown only by the leave that comes with it."""

from __future__ import annotations

from tests.magic.kernel import HANG_S, kernel

ASK = {"method": "custom", "content": {"do": "vega"}}
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


def test_a_later_page_that_was_not_told_of_vega_gets_it(tmp_path):
    """There each output is a page of its own, and asks for what the first one has been sent."""
    with kernel(tmp_path) as k:
        (shown,) = [
            each["data"][VIEW]
            for each in k.run("import llmwatch\nllmwatch.dashboard('inline')").of("display_data")
            if VIEW in each["data"]
        ]
        for _ in range(2):
            content = {"comm_id": shown["model_id"], "data": ASK}
            k.client.shell_channel.send(k.client.session.msg("comm_msg", content))
            while not _has_vega(shown["model_id"], k.client.get_iopub_msg(timeout=HANG_S)):
                pass


def _has_vega(model_id, message):
    content = message["content"]
    return (
        message["msg_type"] == "comm_msg"
        and content["comm_id"] == model_id
        and len(content["data"].get("state", {}).get("vega", "")) > 100_000
    )
