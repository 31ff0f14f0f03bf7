// What only Python can do. Until it has answered, the thing asked for is "queued".

class Talk {
  constructor(model, book, changed) {
    this.model = model;
    this.book = book;
    this.changed = changed;
    this.waiting = new Map();
    this.first = Math.floor(Math.random() * 1e9) * 1000;  // no two views ask under one number
    this.number = this.first;
    this.word = "";
    this.asked = 0;
    this.doubted = 0;
    this.isAway = false;
  }

  // `mark` names what is asked for, so that its control can say that it is queued.
  ask(what, mark, more = {}) {
    this.number += 1;
    this.waiting.set(this.number, mark);
    this.model.send({ do: what, id: this.number, ...more });
    this.changed();
  }

  // Of a kernel that is away nobody knows whether it will ever get to it.
  isWaiting(mark) {
    return !this.isAway && [...this.waiting.values()].includes(mark);
  }

  hearAnswers() {
    this.isAway = false;
    for (const { id, problem } of this.book.now.answers) {
      if (this.waiting.delete(id) && problem) this.tell(problem);
    }
  }

  // The line broke: what was asked for before may never have been heard.
  doubt() {
    this.doubted = this.number;
    this.isAway = true;
  }

  // It holds again, and what was heard has its answer: the rest is not waited for for ever.
  believe() {
    this.hearAnswers();
    const lost = [...this.waiting.keys()].filter(id => id <= this.doubted);
    lost.forEach(id => this.waiting.delete(id));
    if (lost.length) this.tell("The kernel was away: what was queued may not be done.");
  }

  // At most once in five seconds: a busy kernel answers nothing, however often it is asked.
  askForAll() {
    if (Date.now() - this.asked < 5000) return;
    this.asked = Date.now();
    this.model.send({ do: "whole" });
  }

  tell(text, ms = 8000) {
    this.word = text;
    this.changed();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.word = ""; this.changed(); }, ms);
  }

  // All views of a session hear it; it is for the one that asked.
  async hear(message, buffers) {
    if (!(message.id > this.first && message.id <= this.number)) return;
    if (message.do === "say") this.tell(message.text, 60_000);  // a place that one may want to copy
    if (message.do !== "save") return;
    const packed = new Blob([buffers[0]]).stream();
    const plain = packed.pipeThrough(new DecompressionStream("gzip"));
    save(await new Response(plain).blob(), message.name);
    this.tell(`${plural(message.rows, "call")} saved as ${message.name}`);
  }
}
