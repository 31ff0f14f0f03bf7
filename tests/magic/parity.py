"""The table of what a cell may be, and how what it brought is compared with and without the line.

In each cell `@@` stands for the `%%llmwatch` line: the one side gets it, the other gets nothing.
Cells without it are the same on both sides; they look at what the others left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .kernel import Kernel, Run, is_receipt, once_ready

LINE = "%%llmwatch --tag parity --label k=v"


@dataclass
class Point:
    """One kind of cell.

    `shift` is by how much line numbers differ because the line is there to be seen.
    """

    name: str
    cells: tuple[str, ...]
    shift: int = 1
    interrupt: bool = False
    options: dict[str, Any] = field(default_factory=dict)


def point(name: str, *cells: str, shift: int = 1, interrupt: bool = False, **options: Any) -> Point:
    return Point(name, cells, shift, interrupt, options)


_WATCH_FAIL = "def f(x):\n    y = x\n    return 1 / y\n"

POINTS = [
    point("value", "@@\n1 + 1", "_, _ + 1"),
    point("value of the last line only", "@@\n1\n2\n3"),
    point("no value", "@@\nx = 1"),
    point("semicolon", "@@\n5;", "_"),
    point("semicolon and comment", "@@\n6;  # quiet"),
    point("underscores", "@@\n11", "@@\n12", "@@\n13", "_, __, ___"),
    point("In and Out", "@@\n'out'", "Out[max(Out)], In[-2].splitlines()[-1], _ih[-2][-5:]"),
    point("_i", "@@\n'typed'", "_i.splitlines()[-1], _ii[-5:]"),
    point("await", "@@\nimport asyncio\nawait asyncio.sleep(0, 'slept')", "_"),
    point("await, no value", "@@\nx = await asyncio.sleep(0, 3)", "x"),
    point("await and semicolon", "@@\nawait asyncio.sleep(0, 4);"),
    point("await in an expression", "@@\n[await asyncio.sleep(0, n) for n in range(3)]"),
    point(
        "async for",
        "async def count():\n    for n in range(3):\n        yield n",
        "@@\nasync for n in count():\n    print(n)\nn",
    ),
    point(
        "async with",
        "import contextlib\n@contextlib.asynccontextmanager\nasync def inside():\n"
        "    print('in')\n    yield 7\n    print('out')",
        "@@\nasync with inside() as n:\n    print(n)\nn",
    ),
    point("async comprehension", "@@\n[n async for n in count()]"),
    point("await that fails", "@@\nawait asyncio.sleep(0)\nawait asyncio.sleep(0)\n1 / 0"),
    point("a task", "@@\nt = asyncio.ensure_future(asyncio.sleep(0, 9))\nawait t", "t.done()"),
    point("gather", "@@\nawait asyncio.gather(*(asyncio.sleep(0, n) for n in range(4)))"),
    point("asyncio.run refused", "@@\nc = asyncio.sleep(0)\nasyncio.run(c)", "c.close()"),
    point("exception", "@@\nx = 1\nx / 0"),
    point("exception on the first line", "@@\n1 / 0"),
    point("exception in a function", f"@@\n{_WATCH_FAIL}\nf(0)"),
    point("function called from a later cell", f"@@\n{_WATCH_FAIL}", "@@\nx = 0\n\nf(x)", "f(0)"),
    point("nested exception", "@@\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    {}['k']"),
    point("exception from another", "@@\ntry:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('v') from e"),
    point("exception group", "@@\nraise ExceptionGroup('g', [ValueError(1), KeyError(2)])"),
    point("assert", "@@\nx = 2\nassert x == 1, 'not one'"),
    point("own exception", "@@\nclass Mine(Exception):\n    pass\n\nraise Mine('mine')"),
    point("KeyboardInterrupt raised", "@@\nprint('a')\nraise KeyboardInterrupt"),
    point("SyntaxError", "@@\nx = 1\nx = = 2"),
    point("SyntaxError on the first line", "@@\nfor\n"),
    point("SyntaxError, unclosed", "@@\nx = (1,\ny = 2"),
    point("IndentationError", "@@\nif True:\nx = 1"),
    point("unexpected indent", "@@\nx = 1\n    y = 2"),
    point("return outside", "@@\nx = 1\nreturn x"),
    point("await in a plain function", "@@\ndef g():\n    await x"),
    point("NameError", "@@\nno_such_name"),
    point("import that fails", "@@\nimport no_such_module"),
    point("sys.exit", "@@\nimport sys\nsys.exit(3)"),
    point("SystemExit with words", "@@\nraise SystemExit('bye')"),
    point("shell", "@@\n!echo from the shell"),
    point("shell, one line, then value", "@@\n!echo one\n2"),
    point("shell to a name", "@@\nx = !echo kept\nx"),
    point("shell that fails", "@@\n!exit 3", "_exit_code"),
    point("double bang", "@@\n!!echo listed"),
    point("line magic", "@@\n%pwd"),
    point("line magic to a name", "@@\nx = %pwd\ntype(x).__name__"),
    point("line magic among code", "@@\nx = 4\n%time y = x + 1\ny"),
    point("automagic, one line", "@@\npwd"),
    point("automagic of a shell command", "@@\necho_me = 1", "@@\nls -d ."),
    point("autocall help", "@@\n%precision 3", "@@\n3.14159", "%precision"),
    point("unknown line magic", "@@\n%no_such_magic 1"),
    point("unknown cell magic", "@@\n%%no_such_magic 1\nx"),
    point("question mark", "@@\nlen?"),
    point("question mark below code", "@@\nx = 1\nlen?"),
    point("two question marks", "@@\nf??"),
    point("question mark on a magic", "@@\n%pwd?"),
    point("question mark on a cell magic", "@@\n%%time?"),
    point("wildcard", "@@\nos.path.is*?"),
    point("%%time below", "@@\n%%time\n1 + 1", "_"),
    point("%%time above", "%%time\n@@\n1 + 1", "_"),
    point("%%time below, failing", "@@\n%%time\nx = 1\n1 / 0"),
    point("%%time above, failing", "%%time\n@@\nx = 1\n1 / 0"),
    point("%%time below, await", "@@\n%%time\nawait asyncio.sleep(0, 5)"),
    point("%%timeit below", "@@\n%%timeit -n1 -r1 x = 1\nx + 1"),
    point("%%timeit above", "%%timeit -n1 -r1 x = 1\n@@\nx + 1"),
    point("%%bash below", "@@\n%%bash\necho hi\necho two"),
    point("%%bash above", "%%bash\n@@\necho hi\necho two"),
    point("%%bash above, failing", "%%bash\n@@\nexit 4"),
    point("%%capture below", "@@\n%%capture got\nprint('caught')\n1 + 1", "got.stdout, got.stderr, [o.data for o in got.outputs]"),
    point("%%capture above", "%%capture got\n@@\nprint('caught')\n1 + 1", "got.stdout, got.stderr, [o.data for o in got.outputs]"),
    point("%%capture above, failing", "%%capture got\n@@\n1 / 0"),
    point("%%writefile below", "@@\n%%writefile a.txt\none\ntwo", "open('a.txt').read()"),
    point("%%writefile above", "%%writefile b.txt\n@@\none\ntwo", "open('b.txt').read()"),
    point("%%html below", "@@\n%%html\n<b>bold</b>"),
    point("%%html above", "%%html\n@@\n<b>bold</b>"),
    point("%%markdown above", "%%markdown\n@@\n*x*"),
    point("%%latex below", "@@\n%%latex\n$x$"),
    point("%%javascript above", "%%javascript\n@@\n1"),
    point("%%prun below", "@@\n%%prun -q -T p.txt\nx = 1"),
    point("%%script", "@@\n%%script cat\nline"),
    point("two magics above", "%%capture got\n%%time\n@@\nx = 8", "x"),
    point("between two magics", "%%time\n@@\n%%bash\necho between"),
    point("comment only", "@@\n# nothing"),
    point("docstring only", '@@\n"""words"""'),
    point("blank lines above the line", "\n\n  \n@@\n1 / 0", shift=1),
    point("blank lines below the line", "@@\n\n\n1 / 0", shift=3),
    point("blank lines at the end", "@@\n1 + 2\n\n\n"),
    point("spaces behind the line", "@@   \n1 / 0"),
    point("indented cell", "@@\n    x = 5\n    x"),
    point("all of it indented", "    @@\n    x = 6\n    x"),
    point("magic below an indented line", "@@\n\n%%time\n1 + 1"),
    point("carriage returns", "@@\r\nx = 7\r\nx"),
    point("carriage returns, failing", "@@\r\nx = 7\r\n1 / 0"),
    point("prompts pasted", "@@\n>>> x = 8\n>>> x"),
    point("IPython prompts pasted", "@@\nIn [3]: x = 9\n\nIn [4]: x"),
    point("unicode", "@@\ngrün = 'äöü ✓ 🎈'\nprint(grün)\ngrün"),
    point("unicode, failing", "@@\n'✓' + 1"),
    point("long string that starts like a magic", '@@\ns = """\n%%llmwatch\n%%time\n!ls\n"""\ns'),
    point("string with percents", "@@\ns = '''%%llmwatch --tag x'''\ns"),
    point("line continuation", "@@\nx = 1 + \\\n    2\nx"),
    point("future import", "@@\nfrom __future__ import annotations\n\ndef h(a: Unknown): ...\n\nh.__annotations__"),
    point("global", "@@\nn = 1\ndef g():\n    global n\n    n = 2\n\ng()\nn"),
    point("nonlocal", "@@\ndef outer():\n    n = 1\n    def inner():\n        nonlocal n\n        n += 1\n    inner()\n    return n\n\nouter()"),
    point("class", "@@\nclass A:\n    '''doc'''\n    def m(self):\n        return __class__.__name__\n\nA().m(), A.__doc__, A.__module__"),
    point("decorator and lambda", "@@\nimport functools\n@functools.lru_cache\ndef k(n): return n\n\nk(3), (lambda: 4)()"),
    point("getsource", "@@\nimport inspect\ndef src(a):\n    # why\n    return a\n\nprint(inspect.getsource(src))", "inspect.getsource(src)"),
    point("getsource of a class", "@@\nclass Src:\n    def m(self):\n        return 1\n\ninspect.getsource(Src)"),
    point("display", "@@\ndisplay(1, {'a': 2})\n3"),
    point("rich outputs", "@@\nfrom IPython.display import HTML, JSON, Markdown\ndisplay(HTML('<i>x</i>'))\nMarkdown('*m*')"),
    point("a rich value", "@@\nclass R:\n    def _repr_html_(self): return '<u>r</u>'\n    def __repr__(self): return 'R'\n\nR()"),
    point("update of a display", "@@\nd = display('a', display_id='one')\nd.update('b')"),
    point("clear_output", "@@\nfrom IPython.display import clear_output\nprint('a')\nclear_output()\nprint('b')"),
    point("stdout and stderr", "@@\nimport sys\nprint('out', flush=True)\nprint('err', file=sys.stderr, flush=True)"),
    point("a warning", "@@\nimport warnings\nwarnings.warn('careful')"),
    point("no newline at the end", "@@\nprint('x', end='')"),
    point("input refused", "@@\ninput('name? ')"),
    point("%debug", "@@\n1 / 0", "@@\n%debug"),
    point("%debug of a watched cell", "@@\nx = 1\n1 / 0", "%debug"),
    point("%tb", "@@\nx = 1\n1 / 0", "%tb"),
    point("%xmode", "@@\n%xmode Minimal", "@@\n1 / 0", "%xmode Context"),
    point("%autoreload 2", "@@\n%load_ext autoreload\n%autoreload 2", "open('mod.py', 'w').write('V = 1')", "@@\nimport mod\nmod.V"),
    point("%history", "@@\n'mark'", "%history -l 2"),
    point("%rerun", "@@\nprint('again')", "%rerun -l 1"),
    point("%recall", "@@\nprint('r')", "%recall"),
    point("%macro", "@@\nprint('in a macro')", "%macro -q mac -r 1", "type(mac).__name__"),
    point("%who", "@@\n%who str"),
    point("%run", "@@\n%%writefile r.py\nprint('run', __name__)\nran = 1", "@@\n%run r.py\nran"),
    point("%run of a notebook-like file", "@@\n%%writefile r.ipy\n%pwd\nprint('ipy')", "@@\n%run r.ipy"),
    point("%env and %cd", "@@\n%env LW=1\n%cd -q .", "import os; os.environ['LW']"),
    point("%reset -f of names", "zz = 1", "@@\n%reset_selective -f ^zz$", "'zz' in globals()"),
    point("%matplotlib unknown", "@@\n%alias_magic p pwd", "@@\n%p"),
    point("%load", "@@\n%load r.py"),
    point("run_cell inside", "@@\nget_ipython().run_cell('print(3)\\n4')\nNone", "_"),
    point("run_cell inside, failing", "@@\nr = get_ipython().run_cell('1 / 0')\nr.success"),
    point("run_cell inside, empty", "@@\nr = get_ipython().run_cell('')\nr.success"),
    point("run_line_magic inside", "@@\nget_ipython().run_line_magic('pwd', '')"),
    point("ex", "@@\nget_ipython().ex('ex_made = 3')\nex_made"),
    point("set_next_input", "@@\nget_ipython().set_next_input('typed for you')"),
    point("user_expressions", "@@\nux = 5", user_expressions={"a": "ux + 1", "b": "no_such"}),
    point("user_expressions on failure", "@@\n1 / 0", user_expressions={"a": "1"}),
    point("store_history=False", "@@\n'unstored'", store_history=False),
    point("store_history=False, failing", "@@\n1 / 0", store_history=False),
    point("silent", "@@\nprint('s')\n5", silent=True),
    point("silent, failing", "@@\n1 / 0", silent=True),
    point("stop_on_error=False", "@@\n1 / 0", stop_on_error=False),
    point("interrupt while asleep", "@@\nimport time\nprint('ready')\ntime.sleep(60)", interrupt=True),
    point("interrupt while awaiting", "@@\nprint('ready')\nfor tick in range(600):\n    await asyncio.sleep(0.1)", interrupt=True),
    point("interrupt caught", "@@\ntry:\n    print('ready')\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('caught')\n5", interrupt=True),
    point("after an interrupt", "@@\n'still here'"),
    point("ast_node_interactivity", "get_ipython().ast_node_interactivity = 'all'", "@@\n1\n2", "get_ipython().ast_node_interactivity = 'last_expr'"),
    point("a thread", "@@\nimport threading\nbox = []\nt = threading.Thread(target=lambda: box.append(1))\nt.start()\nt.join()\nbox"),
    point("a context variable", "import contextvars\nv = contextvars.ContextVar('v', default=0)", "@@\nv.set(3)\nv.get()", "v.get()"),
    point("deletes a name", "zy = 1", "@@\ndel zy", "'zy' in globals()"),
    point("shadows display", "@@\ndisplay_, display = display, None\n5", "display = display_"),
    point("shadows print and len", "@@\nprint = len = None", "del print, len"),
    point("events of its own", "seen = []\nget_ipython().events.register('post_run_cell', seen_it := (lambda r: seen.append(r.success)))", "@@\n1", "seen[-1]", "get_ipython().events.unregister('post_run_cell', seen_it)"),
    point("%reset -f", "@@\n%reset -f", "import asyncio, os, time", "len(In) > 0"),
]  # fmt: skip


# -- what came, made comparable -------------------------------------------------------------------

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FILE = re.compile(r"/\S*ipykernel_\d+/\d+\.py|\b\d{5,}\.py\b")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_TIMES = re.compile(r"[\d.]+(?:e\+\d+)? ?(ns|μs|µs|us|ms|s|min)\b( ± )?")
_SLOW = re.compile(r"(?:Compiler|Parser) *: TIME\n")  # `%time` tells it when it is worth telling
_NEWLINE = r"(?:\r?\n|\\r\\n|\\n)"
_TYPED = re.compile(
    rf"#%%llmwatch --tag parity --label k=v *(?:{_NEWLINE}+|$)"  # the blank lines below it, too
    rf"|%%llmwatch --tag parity --label k=v *(?:{_NEWLINE}|$)"
)
_MARGIN = re.compile(r"^ +(\d+ )", re.MULTILINE)
_NUMBER = re.compile(
    r"(?P<before>In ?\[(?P<cell>\d+)\], line |FILE\"?, line |FILE:|FILE\(|statement on line )(?P<n>\d+)"
)
_LISTED = re.compile(r"^(-+> )? *(\d+)( .*|)$")


def compare(bare: list[Run], watched: list[Run], of: Point) -> list[str]:
    """The differences between the two sides; none where there are none."""
    shifts: set[int] = set()
    for run, cell in zip(watched, of.cells, strict=True):
        if _shifts(cell):  # a cell that is not stored bears the number of the next one
            shifts |= {_count(run), _count(run) + bool({"store_history", "silent"} & {*of.options})}
    found = []
    for number, (left, right) in enumerate(zip(bare, watched, strict=True), 1):
        one, other = _seen(left, set(), 0), _seen(right, shifts, of.shift)
        found += [
            f"cell {number}, {what}:\n  without {one[what]!r}\n  with    {other[what]!r}"
            for what in one
            if one[what] != other[what]
        ]
    return found


def _shifts(cell: str) -> bool:
    head, at, body = cell.partition("@@")
    return bool(at) and not head.strip() and not body.strip().startswith("%%")


def _count(run: Run) -> int:
    return int(run.reply["content"].get("execution_count", -1))


def _seen(run: Run, shifts: set[int], shift: int) -> dict[str, Any]:
    def same(thing: Any) -> Any:
        if isinstance(thing, str):
            return _unshifted(plain(thing, run.place), shifts, shift)
        if isinstance(thing, dict):
            return {key: same(value) for key, value in thing.items()}
        return [same(value) for value in thing] if isinstance(thing, (list, tuple)) else thing

    reply = {k: v for k, v in run.reply["content"].items() if k != "engine_info"}
    return {"messages": same(_messages(run)), "reply": same(reply)}


def _messages(run: Run) -> list[Any]:
    kept: list[Any] = []
    for message in run.messages:
        kind, content = message["msg_type"], dict(message["content"])
        if kind == "execute_input" or (kind == "display_data" and is_receipt(content["data"])):
            continue
        if kind == "stream" and kept and kept[-1][0] == "stream":
            last = kept[-1][1]
            if last["name"] == content["name"]:
                last["text"] += content["text"]  # how a stream is cut into messages is chance
                continue
        kept.append((kind, content))
    return kept


def plain(text: str, place: str) -> str:
    """The text without colours, addresses, times and names of the moment."""
    text = _FILE.sub("FILE", _ANSI.sub("", text)).replace(place, "PLACE")
    text = _TIMES.sub("TIME", _ADDRESS.sub("0x", text))
    return _SLOW.sub("", text)


def _unshifted(text: str, shifts: set[int], shift: int) -> str:
    """The text as it is when the lines that came with ours are not counted."""
    inside = False

    def earlier(match: re.Match[str]) -> str:
        nonlocal inside
        inside = bool(shifts) and (match["cell"] is None or int(match["cell"]) in shifts)
        return match["before"] + str(int(match["n"]) - shift * inside)

    lines = []
    for written in text.split("\n"):
        line, found = _NUMBER.subn(earlier, written)
        inside = inside or (bool(shifts) and line.startswith("FILE in "))  # so in IPython 7
        listed = _LISTED.match(line)
        if found or not listed or not inside:
            lines.append(line)
        elif int(listed[2]) > shift:
            lines.append(f"{listed[1] or ''}{int(listed[2]) - shift}{listed[3]}")
    return _MARGIN.sub(r"\1", _TYPED.sub("", "\n".join(lines)))


def play(kernel: Kernel, of: Point, line: str) -> tuple[list[Run], str]:
    """Run the cells of a point; returns what each brought, and what is left behind."""
    interrupt = kernel.manager.interrupt_kernel
    runs = [
        kernel.run(
            _with(cell, line),
            during=once_ready(interrupt) if of.interrupt else None,
            **of.options,
        )
        for cell in of.cells
    ]
    left = plain(str(kernel.ask(_LEFT)), str(kernel.place))
    return runs, " ".join(_TYPED.sub("", left).split())


_LEFT = (
    "(In[-3:], sorted(Out)[-4:], _, __, _i, _ii,"
    " get_ipython().execution_count, sorted(k for k in globals() if not k.startswith('_')))"
)


def _with(cell: str, line: str) -> str:
    if line:
        return cell.replace("@@", line)
    return re.sub(r"[ \t]*@@[ \t]*\r?\n?", "", cell)
