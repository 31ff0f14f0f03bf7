// The line from one notebook to llmwatch in its kernel: a comm that the kernel opens.
//
// A front end that opened one itself would make every kernel without llmwatch log an error. So the
// kernel announces itself, and who comes later (a reload, a kernel that loaded llmwatch at its
// start) asks which comms of this name there are. What we say goes over short comms of our own: only
// those reach the kernel on a subshell (JupyterLab 4.4, ipykernel 7), that is, while a cell runs.

const TARGET = "llmwatch";
const HELD_UP_MS = 500;
const SUBSHELL_MS = 2000;

const later = milliseconds => new Promise(done => setTimeout(done, milliseconds));

export class Link {
  // `says` hears what the kernel sends, `changed` how things stand now; `ended` that the line is
  // over for good: the kernel has ended it, or is another one.
  constructor(context, { says, ended, changed }) {
    this._context = context;
    this._says = says;
    this._ended = ended;
    this._changed = changed;
    this._kernel = null;
    this._comm = null;
    this._asking = null; // stands for the question that is on its way
    this._busySince = null;
    this.answered = false; // whether the kernel has told if llmwatch is there
    this.problem = null; // the error, of `ename` and `evalue`, with which loading llmwatch ended
    context.kernelChanged.connect(this._onKernel, this);
    context.statusChanged.connect(this._onStatus, this);
    context.connectionStatusChanged.connect(this._onConnection, this);
    this._take(context.session?.kernel ?? null);
  }

  get linked() {
    return this._comm !== null;
  }

  // Whether another document was connected to this kernel first: JupyterLab gives that its comms.
  get isSecond() {
    return this._kernel?.handleComms === false;
  }

  get kernelId() {
    return this._kernel?.id;
  }

  // Whether `%load_ext` could mean something to this kernel; also where nobody knows.
  get speaksPython() {
    const { specs } = this._context.specsManager ?? {};
    const language = specs?.kernelspecs[this._kernel?.name]?.language;
    return !language || /python|sage/i.test(language);
  }

  // How the kernel is: none, dead, restarting, lost, starting, busy or idle.
  get kernel() {
    const kernel = this._context.session?.kernel;
    if (!kernel) return "none";
    const status = kernel.status === "unknown" && this._isSaidToBeBusy() ? "busy" : kernel.status;
    if (status === "dead" || status === "terminating") return "dead";
    if (status.endsWith("restarting")) return "restarting";
    if (kernel.connectionStatus === "disconnected") return "lost";
    if (kernel.connectionStatus === "connecting") return this._wasConnected ? "lost" : "starting";
    return ["idle", "busy"].includes(status) ? status : "starting";
  }

  // Whether it has been busy for longer than an eye takes for at once.
  get isHeldUp() {
    if (this.kernel !== "busy") return false;
    return this._kernel.status === "unknown" || Date.now() - this._busySince >= HELD_UP_MS;
  }

  async send(type) {
    if (!this.linked) return;
    const kernel = this._kernel;
    const comm = kernel.createComm(TARGET); // the kernel closes it once it has heard
    if (kernel.supportsSubshells && comm.commsOverSubshells !== "disabled") {
      await Promise.race([comm.subshellStarted, later(SUBSHELL_MS)]);
    }
    if (!comm.isDisposed) comm.open({ type });
  }

  // Have the kernel load llmwatch, as a cell that is not seen.
  async load() {
    const kernel = this._kernel;
    const content = { code: "%load_ext llmwatch", silent: true, store_history: false };
    try {
      const { content: reply } = await kernel.requestExecute(content).done;
      if (kernel === this._kernel && reply.status === "error") this.problem = reply;
    } catch {
      // The kernel went away meanwhile, which is told anyway.
    }
    this._changed();
  }

  dispose() {
    this._context.kernelChanged.disconnect(this._onKernel, this);
    this._context.statusChanged.disconnect(this._onStatus, this);
    this._context.connectionStatusChanged.disconnect(this._onConnection, this);
    this._take(null);
  }

  _onKernel(_, { newValue }) {
    // After a restart it is told, too, with the same one.
    const isOther = newValue?.id !== this._kernel?.id;
    this._take(newValue);
    if (isOther) this._ended();
    this._changed();
  }

  _onStatus(_, status) {
    if (status.endsWith("restarting") || status === "dead") {
      this._forget(); // JupyterLab has disposed of all comms of the old process
    } else if (["idle", "busy"].includes(status)) {
      this._ask();
    }
    this._lookAgain();
    this._changed();
  }

  _onConnection(_, status) {
    if (status === "connected") {
      this._wasConnected = true;
      this._lookAgain();
      this.answered = false; // what the kernel said meanwhile was lost, also an answer
      this._asking = null;
      this._ask();
    }
    this._changed();
  }

  // A kernel that is busy when the page is loaded cannot say so itself; its server knows.
  _isSaidToBeBusy() {
    for (const { id, execution_state } of this._context.kernelManager?.running() ?? []) {
      if (id === this._kernel?.id) return execution_state === "busy";
    }
    return false;
  }

  _lookAgain() {
    if (this.kernel !== "busy") {
      this._busySince = null;
    } else if (this._busySince === null) {
      this._busySince = Date.now();
      setTimeout(this._changed, HELD_UP_MS);
    }
  }

  _take(kernel) {
    if (this._kernel === kernel) return;
    if (this._kernel && !this._kernel.isDisposed) {
      this._kernel.removeCommTarget(TARGET, this._opened);
    }
    this._kernel = kernel;
    this._wasConnected = false;
    this._forget();
    kernel?.registerCommTarget(TARGET, this._opened);
    if (kernel?.connectionStatus === "connected") this._onConnection(null, "connected");
  }

  _forget() {
    this._comm = this._asking = this.problem = null;
    this.answered = false;
  }

  async _ask() {
    const [kernel, comm] = [this._kernel, this._comm];
    if (this._asking || this.answered || !kernel?.handleComms) return;
    const asking = (this._asking = {});
    let comms;
    try {
      comms = (await kernel.requestCommInfo({ target_name: TARGET })).content.comms ?? {};
    } catch {
      // The kernel went away meanwhile: it is asked again once it is back.
    }
    if (asking !== this._asking) return;
    this._asking = null;
    if (comms) this._compare(kernel, comms, comm);
    this._changed();
  }

  // Take the line that there is; `before` was ours when the kernel was asked.
  _compare(kernel, comms, before) {
    this.answered = true;
    if (before && before === this._comm && !(before.commId in comms)) this._end();
    const id = Object.keys(comms).find(id => !kernel.hasComm(id));
    if (id && !this.linked) this._opened(kernel.createComm(TARGET, id));
  }

  _end() {
    this._comm = null;
    this._ended();
  }

  _opened = comm => {
    this._comm = comm;
    this.problem = null;
    comm.onMsg = message => comm === this._comm && this._says(message.content.data);
    comm.onClose = () => {
      if (comm === this._comm) this._end();
    };
    this.send("hello");
    this._changed();
  };
}
