// A button that opens a small menu, as the ARIA pattern has it.

function menu(label, iconName, entries) {
  const list = el("div", { class: "lw-menu", role: "menu", hidden: true });
  const button = el("button", { type: "button", class: "lw-tool", title: label,
    "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false" }, icon(iconName));
  const box = el("div", { class: "lw-menubox" }, button, list);
  const items = () => [...list.querySelectorAll("[role=menuitem]")];

  function close(refocus) {
    list.hidden = true;
    mark(button, "aria-expanded", "false");
    if (refocus) button.focus();
  }

  function open() {
    list.replaceChildren(...entries().map(([text, act]) => el("button", {
      type: "button", role: "menuitem", tabindex: -1, text,
      onclick: () => { close(true); act(); },
    })));
    list.hidden = false;
    mark(button, "aria-expanded", "true");
    items()[0]?.focus();
  }

  button.addEventListener("click", () => (list.hidden ? open() : close(true)));
  box.addEventListener("keydown", event => {
    if (list.hidden) return;
    const all = items(), at = all.indexOf(box.getRootNode().activeElement);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    if (event.key in steps) all[steps[event.key] % all.length].focus();
    else if (event.key === "Escape") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("focusout", event => {
    if (!box.contains(event.relatedTarget)) close(false);
  });
  return box;
}
