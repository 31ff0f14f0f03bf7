"""The look of the report: one style sheet, light and dark, narrow and wide, screen and paper."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from ..charts import DARK, LIGHT

__all__ = ["POLICY", "STYLE"]


def _recoloured() -> str:
    """Rules that give a picture drawn for light ground the colours of the dark one.

    Attributes of SVG count less than any rule, so the pictures need no change.
    """
    pairs = [
        (LIGHT.ink, DARK.ink), (LIGHT.muted, DARK.muted), (LIGHT.rule, DARK.rule),
        (LIGHT.bad, DARK.bad), (LIGHT.other, DARK.other),
        *zip(LIGHT.series, DARK.series, strict=True),
    ]  # fmt: skip
    pairs += [(LIGHT.pale(light), DARK.pale(dark)) for light, dark in pairs[4:]]
    return "".join(
        f'svg [{name}="{light}"]{{{name}:{dark}}}'
        for light, dark in pairs
        for name in ("fill", "stroke")
    )


STYLE = f"""
:root{{color-scheme:light dark;--ink:{LIGHT.ink};--muted:{LIGHT.muted};--rule:{LIGHT.rule};
--bad:{LIGHT.bad};--ground:#fff;--soft:#f6f6f6}}
*{{box-sizing:border-box}}
body{{margin:0 auto;max-width:1180px;padding:24px 20px 48px;background:var(--ground);
color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums}}
h1{{font-size:22px;margin:0 0 2px}}
h2{{font-size:15px;margin:32px 0 8px}}
p{{margin:4px 0}}
.muted,.n,caption,footer,figcaption{{color:var(--muted)}}
.n{{font-size:12px}}
.bad{{color:var(--bad)}}
code{{font:12px/1.4 ui-monospace,Menlo,Consolas,monospace;background:var(--soft);padding:1px 4px;
border-radius:3px;overflow-wrap:anywhere}}
.tiles{{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));margin:16px 0 0;
border:1px solid var(--rule);border-radius:8px;overflow:hidden;gap:1px}}
.tile{{padding:10px 14px;box-shadow:0 0 0 1px var(--rule)}}
.tile b{{display:block;font-size:20px;font-weight:600;line-height:1.25}}
.note{{border-left:3px solid var(--rule);padding:2px 0 2px 12px;margin:8px 0}}
.alert{{border-left-color:var(--bad)}}
ul{{margin:6px 0;padding-left:18px}}
.pictures{{columns:320px;column-gap:28px;margin-top:8px}}
figure{{margin:0 0 20px;break-inside:avoid}}
svg{{display:block;width:100%;max-width:560px;height:auto;max-height:none}}
.wide{{overflow-x:auto}}
table{{border-collapse:collapse;width:100%;font-size:13px}}
caption{{text-align:left;padding:0 0 6px;font-size:12px}}
th,td{{padding:5px 14px 5px 0;text-align:right;vertical-align:top;white-space:nowrap;
border-bottom:1px solid var(--rule)}}
th{{font-weight:500;color:var(--muted)}}
tbody th{{color:var(--ink)}}
th:first-child,td:first-child,.l{{text-align:left}}
.l{{white-space:normal;overflow-wrap:anywhere;min-width:120px}}
footer{{margin-top:40px;font-size:12px}}
@media (max-width:480px){{body{{padding:16px 14px 32px}}.tile b{{font-size:18px}}}}
@media screen and (prefers-color-scheme:dark){{
:root{{--ink:{DARK.ink};--muted:{DARK.muted};--rule:{DARK.rule};--bad:{DARK.bad};--ground:#111;
--soft:#1d1d1d}}
{_recoloured()}}}
@media print{{body{{max-width:none;padding:0;font-size:11px}}.wide{{overflow:visible}}
table{{font-size:9px}}th,td{{white-space:normal;padding-right:8px}}tr,.tile{{break-inside:avoid}}
thead{{display:table-header-group}}h2{{break-after:avoid}}}}
"""

_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""Nothing runs, nothing loads, and no style but ours: whatever a call's text would like."""
