// Gives the alerts under the cells their Mute button, and keeps them current.
//
// The alerts are plain HTML in the outputs, so that a saved notebook shows them without a kernel.
// This model has no view of its own: it works on the page as long as its kernel lives.
export default {
  initialize({ model }) {
    const mine = `[data-llmwatch="${model.get("kernel")}"]`;
    const fresh = new Map(); // banner -> [version, html], of those that changed behind a reload
    const open = new Map(); // banner -> whether its calls are shown
    const known = new WeakSet(); // elements; an update brings a new one
    let alive = true;

    const say = (words) => {
      try {
        model.send(words);
      } catch {
        alive = false; // the line is closed for good
      }
    };

    const dress = (banner) => {
      const can = banner.dataset.can;
      if (!alive || !can || banner.querySelector("button")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = can === "mute" ? "Mute" : "Unmute";
      button.title = can === "mute" ? "Say nothing of it for 10 minutes" : "Tell of it again";
      button.addEventListener("click", () => {
        button.disabled = true; // until the kernel has answered, which may be busy
        say({ do: can, banner: banner.dataset.banner });
      });
      banner.append(button);
    };

    const refresh = (banner) => {
      const [version, html] = fresh.get(banner.dataset.banner) ?? [0, ""];
      if (version <= Number(banner.dataset.version)) return banner;
      const page = new DOMParser().parseFromString(html, "text/html");
      const next = document.importNode(page.querySelector(mine), true);
      banner.replaceWith(next);
      return next;
    };

    // What the person opened stays open, though the kernel may not have heard of it yet.
    const reopen = (banner) => {
      if (known.has(banner)) return;
      known.add(banner);
      const table = banner.querySelector("details");
      if (table) table.open = open.get(banner.dataset.banner) ?? table.open;
    };

    const look = () => {
      for (const old of document.querySelectorAll(mine)) {
        const banner = refresh(old);
        reopen(banner);
        dress(banner);
      }
    };

    let asked = 0;
    const soon = () => {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        look();
      });
    };

    const opened = (event) => {
      const banner = event.target.closest?.(mine);
      if (!banner || !known.has(banner)) return;
      open.set(banner.dataset.banner, event.target.open);
      say({ do: "open", banner: banner.dataset.banner, open: event.target.open });
    };

    const hear = ({ banner, version, html }) => {
      alive = true;
      if (banner) fresh.set(banner, [version, html]);
      soon();
    };

    const undress = () => {
      for (const button of document.querySelectorAll(`${mine} > button`)) button.remove();
    };

    // The line broke, with the connection or with the kernel: it is alive again once it answers.
    const doubt = () => {
      alive = false;
      undress();
      say({ do: "hello" });
    };

    const observer = new MutationObserver(soon);
    observer.observe(document.body, { childList: true, subtree: true });
    document.addEventListener("toggle", opened, true); // it does not bubble
    model.on("msg:custom", hear);
    model.on("comm_live_update", doubt);
    say({ do: "hello" });
    soon();

    return () => {
      observer.disconnect();
      cancelAnimationFrame(asked);
      document.removeEventListener("toggle", opened, true);
      undress();
    };
  },
};
